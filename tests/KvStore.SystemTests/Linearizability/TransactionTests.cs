using static KvStore.SystemTests.Histories;

namespace KvStore.SystemTests;

/// <summary>Histories with operations that have to do with several keys at once, of which is known what they are.</summary>
public sealed class TransactionTests
{
    private const int ConfigurationsMax = 1000;

    private static readonly Operation PutA = Done(1, 2, new Put(A, "x"), Created(1));
    private static readonly Operation PutB = Done(3, 4, new Put(B, "y"), Created(2));
    private static readonly TransactionGuard[] AIsAt1 = [new(A, IfRevision(1))];
    private static readonly TransactionGuard[] AIsAt9 = [new(A, IfRevision(9))];

    [Fact]
    public void Check_PartialTransaction_IsViolation()
    {
        var puts = Done(1, 9, Do(new PutStep(A, "x"), new PutStep(B, "y")), Carried(1, new StepResult(true, 1), new StepResult(true, 1)));
        Accept(puts, Done(2, 3, new List(2), Listed(0, default, default)), Done(4, 5, new List(2), Listed(1, new Register("x", 1), new Register("y", 1))));
        Refuse(puts, Done(2, 3, new List(2), Listed(1, new Register("x", 1), default)));
        Refuse(puts, Done(2, 3, new Get(A), Found("x", 1)), Done(4, 5, new Get(B), NotFound(1)));
        Refuse(puts, Done(10, 11, new List(2), Listed(2, new Register("x", 1), new Register("y", 2))));
    }

    [Fact]
    public void Check_TransactionDespiteFailedGuard_IsViolation()
    {
        Accept(PutA, Done(3, 4, DoIf(AIsAt1, new PutStep(B, "y")), Carried(2, new StepResult(true, 2))));
        Refuse(PutA, Done(3, 4, DoIf(AIsAt9, new PutStep(B, "y")), Carried(2, new StepResult(true, 2))));
        Refuse(PutA, Done(3, 4, DoIf([.. AIsAt1, new(B, IfExists)], new DeleteStep(A)), Carried(2, new StepResult(true))));
        Refuse(
            PutA,
            Done(3, 4, DoIf(AIsAt9, new PutStep(B, "y")), GuardsFailed(1, new FailedGuard("guards[0]", A, 1))),
            Done(5, 6, new Get(B), Found("y", 2)));
    }

    [Fact]
    public void Check_FailedTransaction_NamesFailedGuards()
    {
        var transaction = DoIf([.. AIsAt9, .. AIsAt1, new(B, IfExists)], new PutStep(B, "y"));
        Accept(PutA, Done(3, 4, transaction, GuardsFailed(1, new FailedGuard("guards[0]", A, 1), new FailedGuard("guards[2]", B, null))));
        Refuse(PutA, Done(3, 4, transaction, GuardsFailed(1, new FailedGuard("guards[0]", A, 1))));
        Refuse(PutA, Done(3, 4, transaction, GuardsFailed(1, new FailedGuard("guards[1]", A, 1), new FailedGuard("guards[2]", B, null))));
        Refuse(PutA, Done(3, 4, transaction, GuardsFailed(1, new FailedGuard("guards[0]", B, 1), new FailedGuard("guards[2]", B, null))));
        Refuse(PutA, Done(3, 4, transaction, GuardsFailed(1, new FailedGuard("guards[0]", A, 7), new FailedGuard("guards[2]", B, null))));
        Refuse(PutA, Done(3, 4, transaction, GuardsFailed(1)));
        Refuse(PutA, Done(3, 4, DoIf(AIsAt1, new DeleteStep(A)), GuardsFailed(1)));
    }

    [Fact]
    public void Check_GuardOfRevision0_RequiresAbsence()
    {
        TransactionGuard[] isAbsent = [new(A, IfRevision(0))];
        Accept(Done(1, 2, DoIf(isAbsent, new PutStep(A, "x")), Carried(1, new StepResult(true, 1))));
        Refuse(PutA, Done(3, 4, DoIf(isAbsent, new PutStep(A, "z")), Carried(2, new StepResult(false, 2))));
        Accept(PutA, Done(3, 4, DoIf(isAbsent, new PutStep(A, "z")), GuardsFailed(1, new FailedGuard("guards[0]", A, 1))));
    }

    [Fact]
    public void Check_TwoTransactionsOneGuard_OneApplies()
    {
        var first = Done(3, 9, DoIf(AIsAt1, new PutStep(A, "y")), Carried(2, new StepResult(false, 2)));
        var second = DoIf(AIsAt1, new PutStep(A, "z"));
        Accept(PutA, first, Done(4, 8, second, GuardsFailed(2, new FailedGuard("guards[0]", A, 2))));
        Refuse(PutA, first, Done(4, 8, second, Carried(3, new StepResult(false, 3))));
    }

    [Fact]
    public void Check_ReadInTransaction_SeesStateBefore()
    {
        var transaction = Do(new PutStep(A, "z"), new GetStep(A), new GetStep(B));
        Accept(PutA, Done(3, 4, transaction, Carried(2, new StepResult(false, 2), Read("x", 1), default)), Done(5, 6, new Get(A), Found("z", 2)));
        Refuse(PutA, Done(3, 4, transaction, Carried(2, new StepResult(false, 2), Read("z", 2), default)));
        Refuse(PutA, Done(3, 4, transaction, Carried(2, new StepResult(false, 2), default, default)));
        Refuse(PutA, PutB, Done(5, 6, transaction, Carried(3, new StepResult(false, 3), Read("x", 1), default)));
    }

    [Fact]
    public void Check_Move_DeletesAndReplaces()
    {
        var move = Done(5, 6, Do(new MoveStep(A, B)), Carried(3, new StepResult(Revision: 3)));
        Accept(PutA, PutB, move, Done(7, 8, new Get(A), NotFound(3)), Done(7, 8, new Get(B), Found("x", 3)));
        Refuse(PutA, PutB, move, Done(7, 8, new Get(A), Found("x", 1)));
        Refuse(PutA, PutB, move, Done(7, 8, new Get(B), Found("y", 2)));
        Refuse(PutA, PutB, move, Done(7, 8, new Get(B), Found("x", 1)));
    }

    [Fact]
    public void Check_MoveOfAbsent_IsRejected()
    {
        var transaction = Do(new PutStep(A, "x"), new MoveStep(B, 2));
        Accept(Done(1, 2, transaction, GuardsFailed(0, new FailedGuard("operations[1].move.from", B, null))));
        Refuse(Done(1, 2, transaction, GuardsFailed(0, new FailedGuard("operations[0].move.from", B, null))));
        Refuse(Done(1, 2, transaction, Carried(1, new StepResult(true, 1), new StepResult(Revision: 1))));
    }

    [Fact]
    public void Check_WrongResults_IsViolation()
    {
        Refuse(PutA, Done(3, 4, Do(new PutStep(A, "y")), Carried(2, new StepResult(true, 2))));
        Refuse(PutA, Done(3, 4, Do(new PutStep(A, "y")), Carried(2, new StepResult(false, 3))));
        Refuse(PutA, Done(3, 4, Do(new PutStep(A, "y")), Carried(1, new StepResult(false, 1))));
        Refuse(PutA, Done(3, 4, Do(new PutStep(A, "y")), Carried(2)));
        Refuse(PutA, Done(3, 4, Do(new DeleteStep(A)), Carried(2, new StepResult(false))));
        Refuse(PutA, Done(3, 4, Do(new DeleteStep(B)), Carried(1, new StepResult(true))));
    }

    [Fact]
    public void Check_UnknownTransaction_IsAtomic()
    {
        var lost = Lost(5, DoIf(AIsAt1, new MoveStep(A, B), new PutStep(2, "z")));
        Accept(PutA, PutB, lost, Done(6, 7, new List(3), Listed(2, new Register("x", 1), new Register("y", 2), default)));
        Accept(PutA, PutB, lost, Done(6, 7, new List(3), Listed(3, default, new Register("x", 3), new Register("z", 3))));
        Refuse(PutA, PutB, lost, Done(6, 7, new List(3), Listed(3, default, new Register("x", 3), default)));
        Refuse(PutA, PutB, Lost(5, DoIf(AIsAt9, new PutStep(B, "z"))), Done(6, 7, new Get(B), Found("z", 3)));
        Refuse(PutA, Lost(3, Do(new GetStep(A), new DeleteStep(B))), Done(4, 5, new Get(A), NotFound(2)));
    }

    [Fact]
    public void Check_GuardPassedForUnknownWrite_RevealsRevision()
    {
        Operation[] history = [Lost(1, new Put(A, "x")), Done(3, 4, DoIf([new(A, IfRevision(5))], new PutStep(B, "y")), Carried(6, new StepResult(true, 6)))];
        Accept([.. history, Done(7, 8, new Get(A), Found("x", 5) with { Revision = 6 })]);
        Refuse([.. history, Done(7, 8, new Get(A), Found("x", 4) with { Revision = 6 })]);
    }

    [Fact]
    public void Check_PrefixDelete_IsAtomic()
    {
        var deletion = Done(5, 6, new DeletePrefix(2), Deleted("2", 3));
        Accept(PutA, PutB, deletion, Done(7, 8, new List(2), Listed(3, default, default)), Done(9, 10, new DeletePrefix(2), Deleted("0", 3)));
        Refuse(PutA, PutB, deletion, Done(7, 8, new Get(B), Found("y", 2)));
        Refuse(PutA, deletion);
        Refuse(PutA, PutB, Done(5, 6, new DeletePrefix(2), Deleted("2", 2)));
        Accept(PutA, PutB, Lost(5, new DeletePrefix(2)), Done(7, 8, new List(2), Listed(3, default, default)));
        Refuse(PutA, PutB, Lost(5, new DeletePrefix(2)), Done(7, 8, new List(2), Listed(3, default, new Register("y", 2))));
    }

    [Fact]
    public void Check_Patch_ChangesValue()
    {
        var number = Done(1, 2, new Put(A, "7"), Created(1));
        var patches = new[] { Done(3, 9, new Patch(A, "m", 5), Replaced(2)), Done(3, 9, new Patch(A, "n", 6), Replaced(3)) };
        Accept([number, .. patches, Done(10, 11, new Get(A), Found("""{"m":5,"n":6}""", 3))]);
        Refuse([number, .. patches, Done(10, 11, new Get(A), Found("""{"n":6}""", 3))]);
        Accept(PutA, Done(3, 4, new Patch(A, "m", 5), new Answer(409, 1)), Done(5, 6, new Patch(B, "m", 5), NotFound(1)));
        Refuse(number, Done(3, 4, new Patch(A, "m", 5), new Answer(409, 1)));
        Refuse(Done(1, 2, new Patch(A, "m", 5), new Answer(409, 1)));
        Refuse(number, Done(3, 4, new Patch(A, "m", 5), NotFound(1)));
        Accept(number, Lost(3, new Patch(A, "m", 5)), Done(5, 6, new Get(A), Found("""{"m":5}""", 2)));
    }

    [Fact]
    public void FindBackward_TransactionWithoutChange_MayShareRevision()
    {
        Assert.Null(RevisionOrder.FindBackward([PutA, Done(3, 4, Do(new DeleteStep(B), new GetStep(A)), Carried(1, default, Read("x", 1)))]));
        Assert.Null(RevisionOrder.FindBackward([PutA, Done(3, 4, new DeletePrefix(2), Deleted("0", 1))]));
        Assert.NotNull(RevisionOrder.FindBackward([PutA, Done(3, 4, Do(new DeleteStep(A)), Carried(1, new StepResult(true)))]));
        Assert.NotNull(RevisionOrder.FindBackward([PutA, Done(3, 4, Do(new PutStep(B, "y")), Carried(1, new StepResult(true, 1)))]));
        Assert.NotNull(RevisionOrder.FindBackward([PutA, Done(3, 4, new DeletePrefix(2), Deleted("1", 1))]));
    }

    private static Answer Deleted(string count, long revision) => new(200, revision) { Value = count };

    private static StepResult Read(string value, long revision) => new(Entry: new Register(value, revision));

    private static void Accept(params Operation[] history) => Assert.Null(Violation.Find(history, ConfigurationsMax));

    private static void Refuse(params Operation[] history) => Assert.Contains("No order", Violation.Find(history, ConfigurationsMax), StringComparison.Ordinal);
}
