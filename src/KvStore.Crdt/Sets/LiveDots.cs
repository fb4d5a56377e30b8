namespace KvStore.Crdt;

/// <summary>
/// The elements of a set, each with the additions (dots) that no removal has seen. A dot that the version includes and that is not here was
/// removed: that is all that is kept of it.
/// </summary>
internal sealed class LiveDots
{
    private static readonly SortedDictionary<ulong, string> None = [];

    private readonly SortedDictionary<string, HashSet<Dot>> _elements = new(StringComparer.Ordinal);
    private readonly Dictionary<ReplicaId, SortedDictionary<ulong, string>> _replicas = [];

    /// <summary>About how much memory it takes.</summary>
    public long MemoryBytes { get; private set; }

    /// <summary>The elements, by their UTF-16 code units.</summary>
    public IReadOnlyCollection<string> Elements => _elements.Keys;

    public IReadOnlyCollection<Dot> Of(string element) => _elements.TryGetValue(element, out var dots) ? dots : [];

    /// <summary>The dots of a replica and their elements, in ascending order.</summary>
    public SortedDictionary<ulong, string> Of(ReplicaId replica) => _replicas.TryGetValue(replica, out var dots) ? dots : None;

    public void Add(Dot dot, string element)
    {
        if (!_replicas.TryGetValue(dot.Replica, out var ofReplica))
            _replicas.Add(dot.Replica, ofReplica = []);
        ofReplica.Add(dot.Sequence, element);
        if (!_elements.TryGetValue(element, out var ofElement))
            _elements.Add(element, ofElement = []);
        ofElement.Add(dot);
        MemoryBytes += BytesOf(element);
    }

    /// <summary>Removes a dot, and its element if it was the last one; does nothing if it was removed before.</summary>
    public void Remove(Dot dot)
    {
        if (!_replicas.TryGetValue(dot.Replica, out var ofReplica) || !ofReplica.Remove(dot.Sequence, out var element))
            return;
        MemoryBytes -= BytesOf(element);
        if (ofReplica.Count == 0)
            _replicas.Remove(dot.Replica);
        if (_elements[element].Remove(dot) && _elements[element].Count == 0)
            _elements.Remove(element);
    }

    /// <summary>Removes the dots of runs: one by one, or by a scan of the replica's dots if that is less.</summary>
    public void Remove(ReplicaId replica, IReadOnlyList<DotRun> runs)
    {
        var live = Of(replica);
        var next = 0;
        if (runs.Aggregate(0UL, (sum, run) => sum + run.Length) <= (ulong)live.Count)
        {
            foreach (var sequence in runs.SelectMany(run => run.Sequences).ToArray())
                Remove(new Dot(replica, sequence));
            return;
        }

        foreach (var sequence in live.Keys.ToArray())
        {
            while (next < runs.Count && runs[next].Last < sequence)
                next++;
            if (next < runs.Count && runs[next].First <= sequence)
                Remove(new Dot(replica, sequence));
        }
    }

    // A node in each of two trees, and mostly a list with room for four.
    private static long BytesOf(string element) => 280 + (2L * element.Length);
}
