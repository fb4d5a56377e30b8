using static KvStore.SystemTests.Histories;

namespace KvStore.SystemTests;

/// <summary>Histories of which is known what they are.</summary>
public sealed class CheckerTests
{
    private const int ConfigurationsMax = 1000;

    [Fact]
    public void Check_NoOperations_IsLinearizable() => Accept();

    [Fact]
    public void Check_ConcurrentRead_MaySeeEitherState()
    {
        Accept(Done(1, 9, new Put(A, "x"), Created(1)), Done(2, 3, new Get(A), NotFound(0)), Done(4, 5, new Get(A), Found("x", 1)));
        Accept(Done(1, 9, new Put(A, "x"), Created(1)), Done(2, 5, new Get(A), Found("x", 1)), Done(3, 6, new Get(A), NotFound(0)));
    }

    [Fact]
    public void Check_ConcurrentReadsGoBack_IsViolation() =>
        Refuse(Done(1, 9, new Put(A, "x"), Created(1)), Done(2, 3, new Get(A), Found("x", 1)), Done(4, 5, new Get(A), NotFound(0)));

    [Fact]
    public void Check_ReadAtSameInstant_IsConcurrent() =>
        Accept(Done(1, 4, new Put(A, "x"), Created(1)), Done(4, 5, new Get(A), NotFound(0)));

    [Fact]
    public void Check_StaleRead_IsViolation()
    {
        Refuse(Done(1, 2, new Put(A, "x"), Created(1)), Done(3, 4, new Get(A), NotFound(0)));
        Refuse(Done(1, 2, new Put(A, "x"), Created(1)), Done(3, 4, new Put(A, "y"), Replaced(2)), Done(5, 6, new Get(A), Found("x", 1)));
        Refuse(Done(1, 2, new Put(A, "x"), Created(1)), Done(3, 4, new Delete(A), Deleted(2)), Done(5, 6, new Get(A), Found("x", 1)));
    }

    [Fact]
    public void Check_ReadOfUnwrittenValue_IsViolation() =>
        Refuse(Done(1, 2, new Put(A, "x"), Created(1)), Done(3, 4, new Get(A), Found("y", 1)));

    [Fact]
    public void Check_SameValueOtherRevision_IsViolation() =>
        Refuse(Done(1, 2, new Put(A, "x"), Created(1)), Done(3, 4, new Get(A), Found("x", 2)));

    [Fact]
    public void Check_LostUpdate_IsViolation() => Refuse(
        Done(1, 2, new Put(A, "x"), Created(1)),
        Done(3, 6, new Put(A, "y", IfRevision(1)), Replaced(2)),
        Done(4, 5, new Put(A, "z", IfRevision(1)), Replaced(3)));

    [Fact]
    public void Check_OneOfTwoConditionalWritesFails_IsLinearizable() => Accept(
        Done(1, 2, new Put(A, "x"), Created(1)),
        Done(3, 6, new Put(A, "y", IfRevision(1)), Replaced(2)),
        Done(4, 5, new Put(A, "z", IfRevision(1)), Refused(2, 2)));

    [Fact]
    public void Check_GuardShouldHavePassed_IsViolation()
    {
        Refuse(Done(1, 2, new Put(A, "x"), Created(1)), Done(3, 4, new Put(A, "y", IfRevision(1)), Refused(1, 1)));
        Refuse(Done(1, 2, new Put(A, "x"), Created(1)), Done(3, 4, new Put(A, "y", IfExists), Refused(1, null)));
        Refuse(Done(1, 2, new Put(A, "x", IfAbsent), Refused(1, 1)));
        Refuse(Done(1, 2, new Put(A, "x"), Created(1)), Done(3, 4, new Put(A, "y", IfRevisionIsNot(7)), Refused(1, 1)));
        Refuse(Done(1, 2, new Put(A, "x"), Created(1)), Done(3, 4, new Delete(A, IfRevision(1)), Refused(1, 1)));
    }

    [Fact]
    public void Check_FailedGuardStaleRevision_IsViolation() => Refuse(
        Done(1, 2, new Put(A, "x"), Created(1)),
        Done(3, 4, new Put(A, "y"), Replaced(2)),
        Done(5, 6, new Put(A, "z", IfRevision(9)), Refused(2, 1)));

    [Fact]
    public void Check_CreatedTwice_IsViolation() =>
        Refuse(Done(1, 9, new Put(A, "x", IfAbsent), Created(1)), Done(2, 8, new Put(A, "y", IfAbsent), Created(2)));

    [Fact]
    public void Check_ReplacedAbsent_IsViolation() => Refuse(Done(1, 2, new Put(A, "x"), Replaced(1)));

    [Fact]
    public void Check_WriteAtEarlierRevision_IsViolation() =>
        Refuse(Done(1, 2, new Put(A, "x"), Created(2)), Done(3, 4, new Put(A, "y"), Replaced(1)));

    [Fact]
    public void Check_RevisionsGoBack_IsViolation() =>
        Refuse(Done(1, 2, new Get(A), NotFound(5)), Done(3, 4, new Get(A), NotFound(4)));

    /// <summary>Each write may come first, and an unknown one explains the read.</summary>
    [Fact]
    public void Check_UnknownWriteAmongMany_IsFoundFast() => Accept(
    [
        .. Enumerable.Range(0, 30).Select(i => Done(1, 99, new Put(A, $"{i}"), i == 0 ? Created(1) : Replaced(i < 15 ? i + 1 : i + 2))),
        .. Enumerable.Range(0, 30).Select(i => Lost(1, new Put(A, $"lost {i}"))),
        Done(2, 98, new Get(A), Found("lost 20", 16)),
    ]);

    [Fact]
    public void Check_DeletedTwice_IsViolation()
    {
        Refuse(Done(1, 2, new Put(A, "x"), Created(1)), Done(3, 6, new Delete(A), Deleted(2)), Done(4, 5, new Delete(A), Deleted(3)));
        Accept(Done(1, 2, new Put(A, "x"), Created(1)), Done(3, 6, new Delete(A), Deleted(2)), Done(4, 5, new Delete(A), NotFound(2)));
    }

    [Fact]
    public void Check_UnknownWrite_MayBeAppliedOrNot()
    {
        Accept(Lost(1, new Put(A, "x")), Done(2, 3, new Get(A), Found("x", 1)));
        Accept(Lost(1, new Put(A, "x")), Done(2, 3, new Get(A), NotFound(0)));
        Accept(Lost(1, new Put(A, "x")), Done(2, 3, new Get(A), NotFound(0)), Done(4, 5, new Get(A), Found("x", 1)));
    }

    [Fact]
    public void Check_UnknownWriteVanishes_IsViolation() =>
        Refuse(Lost(1, new Put(A, "x")), Done(2, 3, new Get(A), Found("x", 1)), Done(4, 5, new Get(A), NotFound(1)));

    [Fact]
    public void Check_UnknownWriteBeforeCall_IsViolation() =>
        Refuse(Done(1, 2, new Get(A), Found("x", 1)), Lost(3, new Put(A, "x")));

    [Fact]
    public void Check_UnknownWriteTwice_IsViolation() => Refuse(
        Lost(1, new Put(A, "x")),
        Done(2, 3, new Get(A), Found("x", 1)),
        Done(4, 5, new Put(A, "y"), Replaced(2)),
        Done(6, 7, new Get(A), Found("x", 3)));

    [Fact]
    public void Check_UnknownWriteAtTwoRevisions_IsViolation() =>
        Refuse(Lost(1, new Put(A, "x")), Done(2, 3, new Get(A), Found("x", 1)), Done(4, 5, new Get(A), Found("x", 2)));

    [Fact]
    public void Check_UnknownWriteConditionImpossible_IsViolation()
    {
        Refuse(Done(1, 2, new Put(A, "x"), Created(1)), Lost(3, new Put(A, "y", IfAbsent)), Done(4, 5, new Get(A), Found("y", 2)));
        Accept(Done(1, 2, new Put(A, "x"), Created(1)), Lost(3, new Put(A, "y", IfRevision(1))), Done(4, 5, new Get(A), Found("y", 2)));
        Refuse(Done(1, 2, new Put(A, "x"), Created(1)), Lost(3, new Put(A, "y", IfRevision(7))), Done(4, 5, new Get(A), Found("y", 2)));
    }

    [Fact]
    public void Check_UnknownWriteRevisionSeenLater_IsKnown()
    {
        Accept(Lost(1, new Put(A, "x")), Done(2, 3, new Put(A, "y", IfRevision(5)), Refused(7, 7)), Done(4, 5, new Get(A), Found("x", 7)));
        Refuse(Lost(1, new Put(A, "x")), Done(2, 3, new Put(A, "y", IfRevision(5)), Refused(7, 7)), Done(4, 5, new Get(A), Found("x", 8)));
    }

    [Fact]
    public void Check_UnknownDelete_ExplainsAbsence()
    {
        Accept(Done(1, 2, new Put(A, "x"), Created(1)), Lost(3, new Delete(A)), Done(4, 5, new Get(A), Found("x", 1)), Done(6, 7, new Get(A), NotFound(2)));
        Refuse(Done(1, 2, new Put(A, "x"), Created(1)), Lost(3, new Delete(A, IfRevision(9))), Done(4, 5, new Get(A), NotFound(2)));
    }

    [Fact]
    public void Check_UnknownAdd_CountsAtMostOnce()
    {
        Accept(Lost(1, new Add(A, 2)), Done(2, 3, new Add(A, 1), Counted(1, 1)), Done(4, 5, new Add(A, 1), Counted(4, 3)));
        Refuse(Lost(1, new Add(A, 2)), Done(2, 3, new Add(A, 1), Counted(5, 3)));
    }

    [Fact]
    public void Check_Adds_EachCounts()
    {
        Accept(Done(1, 9, new Add(A, 1), Counted(2, 2)), Done(2, 8, new Add(A, 1), Counted(1, 1)), Done(10, 11, new Get(A), Found("2", 2)));
        Refuse(Done(1, 9, new Add(A, 1), Counted(1, 1)), Done(2, 8, new Add(A, 1), Counted(1, 2)));
    }

    [Fact]
    public void Check_AddToText_IsRejectedOnlyThen()
    {
        Accept(Done(1, 2, new Put(A, "x"), Created(1)), Done(3, 4, new Add(A, 1), NoNumber(1)));
        Refuse(Done(1, 2, new Put(A, "7"), Created(1)), Done(3, 4, new Add(A, 1), NoNumber(1)));
        Accept(Done(1, 2, new Put(A, $"{long.MaxValue}"), Created(1)), Done(3, 4, new Add(A, 1), NoNumber(1)));
        Refuse(Done(1, 2, new Put(A, $"{long.MaxValue}"), Created(1)), Done(3, 4, new Add(A, 1), Counted(long.MinValue, 2)));
    }

    [Fact]
    public void Check_ListOfMixedStates_IsViolation()
    {
        Operation[] writes =
        [
            Done(1, 2, new Put(A, "x1"), Created(1)), Done(3, 4, new Put(B, "y1"), Created(2)),
            Done(5, 9, new Put(A, "x2"), Replaced(3)), Done(10, 19, new Put(B, "y2"), Replaced(4)),
        ];
        Accept([.. writes, Done(5, 20, new List(2), Listed(3, new Register("x2", 3), new Register("y1", 2)))]);
        Refuse([.. writes, Done(5, 20, new List(2), Listed(4, new Register("x1", 1), new Register("y2", 4)))]);
        Refuse([.. writes, Done(5, 20, new List(2), Listed(4, default, new Register("y1", 2)))]);
    }

    [Fact]
    public void Check_OtherKeys_ChangeNothing() => Accept(
        Done(1, 2, new Put(A, "x"), Created(1)), Done(3, 4, new Get(B), NotFound(1)), Done(5, 6, new Get(A), Found("x", 1)));

    [Fact]
    public void Check_ImpossibleAnswer_IsViolation() => Refuse(Done(1, 2, new Get(A), new Answer(500, 0)));

    [Fact]
    public void Check_MoreThanTheLimit_IsUndecided()
    {
        // No order explains the read, and each order of the writes has to be tried.
        Operation[] history = [.. Enumerable.Range(0, 20).Select(i => Lost(1, new Put(A, $"{i}"))), Done(2, 3, new Get(A), Found("x", 1))];
        Assert.Equal(Verdict.Undecided, Checker.Check(history, configurationsMax: 10));
        Assert.Contains("within 10 configurations", Violation.Find(history, configurationsMax: 10), StringComparison.Ordinal);
    }

    private static void Accept(params Operation[] history) => Assert.Null(Violation.Find(history, ConfigurationsMax));

    private static void Refuse(params Operation[] history) => Assert.Contains("No order", Violation.Find(history, ConfigurationsMax), StringComparison.Ordinal);
}
