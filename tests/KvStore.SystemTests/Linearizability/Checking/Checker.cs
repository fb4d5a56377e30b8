namespace KvStore.SystemTests;

internal enum Verdict
{
    Linearizable,
    Violated,

    /// <summary>The limit was reached before either was known.</summary>
    Undecided,
}

/// <summary>
/// Decides whether a history is linearizable: whether some order of its operations, in which none comes before one that had
/// returned when it was invoked, gives the answers that there were. A search for that order, one operation at a time (Wing and Gong, "Testing and
/// verifying concurrent objects", 1993), which never searches again from what it had tried: the same operations carried out, the same state
/// (Lowe, "Testing for linearizability", 2017, doi:10.1002/cpe.3928). Porcupine is the well-known program of that kind.
/// </summary>
/// <remarks>
/// Three more things keep the search short. Revisions are part of the specification: one that was answered never lies below the one before it, so only
/// the lowest can come next. What can come next and changes nothing comes next, without another try: it would not be in the way
/// of anything, now or later. And an operation whose answer was lost may be left out, so what was tried with some of those is not tried again with more of them.
/// </remarks>
internal sealed class Checker
{
    private readonly Operation[] _answered;
    private readonly Operation[] _lost;
    private readonly int _keys;

    // For all answered operations that were carried out and the state they led to: the lost ones that were used, each way.
    private readonly Dictionary<(OperationSet, State), List<OperationSet>> _tried = [];

    private Checker(IReadOnlyList<Operation> history)
    {
        _answered = [.. history.Where(operation => !operation.IsLost).OrderBy(operation => operation.InvokedAt)];
        _lost = [.. history.Where(operation => operation is { IsLost: true, Call.IsRead: false }).OrderBy(operation => operation.InvokedAt)];
        _keys = history.SelectMany(operation => operation.Call.Keys).Append(-1).Max() + 1;
    }

    /// <summary>Decides. Before the first operation no key has an entry.</summary>
    /// <param name="history">The operations of one group of keys (<see cref="Partition"/>), in any order.</param>
    /// <param name="configurationsMax">How many configurations to try, about 300 bytes each, before giving up.</param>
    public static Verdict Check(IReadOnlyList<Operation> history, int configurationsMax) => new Checker(history).Search(configurationsMax);

    private Verdict Search(int configurationsMax)
    {
        var start = new Configuration(0, 0, new OperationSet(_answered.Length), new OperationSet(_lost.Length), State.Empty(_keys));

        // What needed the fewest lost answers goes first, and of that what has come farthest: so what was tried with fewer of them is there to be found.
        var untried = new PriorityQueue<Configuration, (int, int)>();
        untried.Enqueue(start, default);
        for (var tried = 0; untried.TryDequeue(out var next, out _);)
        {
            if (next.Count == _answered.Length)
                return Verdict.Linearizable;
            if (!IsNew(next))
                continue;
            if (++tried > configurationsMax)
                return Verdict.Undecided;
            foreach (var successor in SuccessorsOf(next))
                untried.Enqueue(successor, (successor.Lost.Count, -successor.Count));
        }

        return Verdict.Violated;
    }

    /// <summary>What there can be after one more operation.</summary>
    private List<Configuration> SuccessorsOf(Configuration configuration)
    {
        // Of what is not carried out, what was invoked after another had returned has to wait for that one.
        var (firstReturn, lowestRevision) = (long.MaxValue, long.MaxValue);
        var possible = new List<int>();
        for (var i = 0; i < _answered.Length && _answered[i].InvokedAt <= firstReturn; i++)
        {
            if (configuration.Answered.Contains(i))
                continue;
            firstReturn = Math.Min(firstReturn, _answered[i].ReturnedAt);
            lowestRevision = Math.Min(lowestRevision, _answered[i].Answer!.Revision);
            possible.Add(i);
        }

        var successors = new List<Configuration>();
        if (lowestRevision < configuration.Revision)
            return successors;
        foreach (var i in possible.Where(i => _answered[i].Answer!.Revision == lowestRevision))
        {
            if (_answered[i].Call.Carry(configuration.State, _answered[i].Answer) is not { } state)
                continue;
            var successor = new Configuration(configuration.Count + 1, lowestRevision, configuration.Answered.With(i), configuration.Lost, state);
            if (ReferenceEquals(state, configuration.State))
                return [successor];
            successors.Add(successor);
        }

        for (var i = 0; i < _lost.Length && _lost[i].InvokedAt <= firstReturn; i++)
        {
            if (!configuration.Lost.Contains(i) && _lost[i].Call.Carry(configuration.State, null) is { } state)
                successors.Add(configuration with { Lost = configuration.Lost.With(i), State = state });
        }

        return successors;
    }

    private bool IsNew(Configuration configuration)
    {
        var key = (configuration.Answered, configuration.State);
        if (!_tried.TryGetValue(key, out var ways))
            _tried.Add(key, ways = []);
        else if (ways.Exists(way => way.IsSubsetOf(configuration.Lost)))
            return false;
        ways.Add(configuration.Lost);
        return true;
    }

    /// <summary>How far an order has come.</summary>
    /// <param name="Count">How many answered operations it has.</param>
    /// <param name="Revision">What the last of them was answered.</param>
    /// <param name="Answered">Which.</param>
    /// <param name="Lost">Which of those whose answers were lost.</param>
    /// <param name="State">What they lead to.</param>
    private sealed record Configuration(int Count, long Revision, OperationSet Answered, OperationSet Lost, State State);
}
