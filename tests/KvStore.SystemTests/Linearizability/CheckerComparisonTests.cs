
namespace KvStore.SystemTests;

/// <summary>The checker against one that tries every order, on small random histories: true ones, and ones with an answer that was changed.</summary>
public sealed class CheckerComparisonTests
{
    private const int Histories = 3000;
    private const int KeyCount = 2;
    private const int ConfigurationsMax = 100_000;

    [Fact]
    public void Check_SmallRandomHistories_EqualsBruteForce()
    {
        var random = Seed.NewRandom();
        var verdicts = new Dictionary<Verdict, int>();
        for (var i = 0; i < Histories; i++)
        {
            var history = NewHistory(random);
            Assert.True(Checker.Check(history, ConfigurationsMax) == Verdict.Linearizable, $"A true history is refused:\n{Text(history)}");

            var changed = Change(history, random);
            var expected = HasOrder(changed) ? Verdict.Linearizable : Verdict.Violated;
            Assert.True(Checker.Check(changed, ConfigurationsMax) == expected, $"Not {expected}:\n{Text(changed)}");
            Assert.True(expected == Verdict.Violated || Violation.Find(changed, ConfigurationsMax) is null, $"By parts not {expected}:\n{Text(changed)}");
            verdicts[expected] = verdicts.GetValueOrDefault(expected) + 1;
        }

        TestContext.Current.TestOutputHelper?.WriteLine(string.Join(", ", verdicts));
        Assert.All([Verdict.Linearizable, Verdict.Violated], verdict => Assert.InRange(verdicts.GetValueOrDefault(verdict), Histories / 10, Histories));
    }

    /// <summary>Operations that were carried out one after the other, each at some time between its call and its return.</summary>
    private static Operation[] NewHistory(Random random)
    {
        var store = new SequentialStore(KeyCount);
        var workload = new Workload(random, KeyCount);
        var memory = new ClientMemory(0, KeyCount);
        var operations = new List<Operation>();
        for (var time = 10; operations.Count < 6; time += 10)
        {
            var call = workload.NextCall(random, memory);
            var isLost = !call.IsRead && random.Next(5) == 0;
            var answer = isLost && random.Next(2) == 0 ? null : store.Answer(call);
            if (answer is not null)
                memory.Remember(call, answer);
            operations.Add(isLost
                ? new Operation(0, call, time - random.Next(30), Operation.Never, null)
                : new Operation(0, call, time - random.Next(30), time + random.Next(30), answer));
        }

        return [.. operations];
    }

    /// <summary>Gives an operation the answer of another, a lost one an answer, or another time.</summary>
    private static Operation[] Change(Operation[] history, Random random)
    {
        var changed = (Operation[])history.Clone();
        ref var operation = ref changed[random.Next(changed.Length)];
        var time = random.Next(60);
        operation = random.Next(4) switch
        {
            0 when history[random.Next(history.Length)].Answer is { } other && (operation.Call is List) == !other.Registers.IsEmpty =>
                operation with { Answer = other, ReturnedAt = operation.IsLost ? operation.InvokedAt + time : operation.ReturnedAt },
            1 when operation.Answer is { EntryRevision: { } revision } answer => operation with { Answer = answer with { EntryRevision = revision + random.Next(-1, 2) } },
            2 when operation.Answer is { Results: [var first, ..] } answer =>
                operation with { Answer = answer with { Results = answer.Results.SetItem(0, first with { IsDone = !first.IsDone }) } },
            2 when operation.Answer is { Failed: [_, _, ..] } answer => operation with { Answer = answer with { Failed = answer.Failed.RemoveAt(0) } },
            _ => operation with { InvokedAt = time, ReturnedAt = operation.IsLost ? Operation.Never : time + random.Next(20) },
        };
        return changed;
    }

    private static bool HasOrder(Operation[] history) => HasOrder([], history);

    // Every order of every choice of operations that has all the answered ones. Times are looked at afterwards.
    private static bool HasOrder(List<Operation> order, Operation[] left)
    {
        if (left.All(operation => operation.IsLost) && KeepsTime(order) && GivesAnswers(order))
            return true;
        foreach (var next in left)
        {
            order.Add(next);
            if (HasOrder(order, [.. left.Where(other => !ReferenceEquals(other, next))]))
                return true;
            order.RemoveAt(order.Count - 1);
        }

        return false;
    }

    private static bool KeepsTime(List<Operation> order) =>
        !order.Where((later, i) => order.Skip(i + 1).Any(sooner => sooner.ReturnedAt < later.InvokedAt)).Any();

    private static bool GivesAnswers(List<Operation> order)
    {
        var revisions = order.Where(operation => !operation.IsLost).Select(operation => operation.Answer!.Revision).ToArray();
        if (!revisions.SequenceEqual(revisions.Order()))
            return false;
        State? state = State.Empty(KeyCount);
        foreach (var operation in order)
        {
            state = operation.Call.Carry(state, operation.Answer);
            if (state is null)
                return false;
        }

        return true;
    }

    private static string Text(IEnumerable<Operation> history) => string.Join('\n', history.OrderBy(operation => operation.InvokedAt));
}
