using System.Text;

namespace KvStore.SystemTests;

/// <summary>Makes what is wrong with a history small enough to be read.</summary>
internal static class Violation
{
    private const int ShownMax = 32;

    /// <summary>
    /// Checks a whole history.
    /// </summary>
    /// <param name="history">Its operations, in any order.</param>
    /// <param name="configurationsMax">The limit of <see cref="Checker.Check"/>, for each part.</param>
    /// <returns>What is wrong; null if the history is linearizable.</returns>
    public static string? Find(IReadOnlyList<Operation> history, int configurationsMax)
    {
        foreach (var part in Partition.Of(history))
        {
            switch (Checker.Check(part, configurationsMax))
            {
                case Verdict.Violated:
                    return "No order of these operations gives these answers; the last answer to come makes it impossible.\n" + Describe(Shrink(part, configurationsMax));
                case Verdict.Undecided:
                    return $"Could not decide within {configurationsMax} configurations. Make the histories shorter, or with fewer lost answers.\n{Describe(part)}";
            }
        }

        return null;
    }

    /// <summary>The shortest beginning of a history that is not linearizable, without the reads and refusals that it is not for.</summary>
    public static IReadOnlyList<Operation> Shrink(IReadOnlyList<Operation> history, int configurationsMax)
    {
        // A beginning of a linearizable history is linearizable, so this can be halved.
        var returns = history.Where(operation => !operation.IsLost).Select(operation => operation.ReturnedAt).Order().ToArray();
        var (low, high) = (0, returns.Length - 1);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = IsViolated(Until(history, returns[middle])) ? (low, middle) : (middle + 1, high);
        }

        var shortest = Until(history, returns[low]);
        foreach (var operation in shortest.Where(operation => operation.Answer is { } answer && !operation.Call.HasChanged(answer)).ToArray())
        {
            var without = shortest.Where(other => other != operation).ToArray();
            if (IsViolated(without))
                shortest = without;
        }

        return shortest;

        bool IsViolated(IReadOnlyList<Operation> some) => Checker.Check(some, configurationsMax) == Verdict.Violated;
    }

    /// <summary>What was known at a moment: of what had not returned, the answer was still to come.</summary>
    private static Operation[] Until(IReadOnlyList<Operation> history, long time) =>
    [
        .. history.Where(operation => operation.InvokedAt <= time)
            .Select(operation => operation.ReturnedAt <= time ? operation : operation.Lost())
            .Where(operation => !(operation.IsLost && operation.Call.IsRead)),
    ];

    private static string Describe(IReadOnlyList<Operation> operations)
    {
        var keys = string.Join(", ", operations.SelectMany(operation => operation.Call.Keys).Distinct().Order().Select(Call.NameOf));
        var text = new StringBuilder($"Keys: {keys}. Times are in microseconds.\n");
        if (operations.Count > ShownMax)
            text.Append($"... after {operations.Count - ShownMax} earlier ones ...\n");
        foreach (var operation in operations.OrderBy(operation => operation.InvokedAt).TakeLast(ShownMax))
            text.Append(operation).Append('\n');
        return text.ToString();
    }
}
