namespace KvStore;

/// <summary>How far a state reaches: it has the entries up to a revision, and the nodes of builders up to a number.</summary>
internal readonly record struct StateAge(long Revision, long Owner);

/// <summary>
/// The bytes that a builder takes out of the state it started with, by the oldest held snapshot that still has them. Not thread-safe.
/// </summary>
/// <param name="start">The age of the state that the builder started with.</param>
/// <param name="held">The ages of held snapshots, the oldest first. None is younger than <paramref name="start"/>.</param>
internal sealed class SupersededBytes(StateAge start, StateAge[] held)
{
    private readonly long[] _byHeld = held.Length == 0 ? [] : new long[held.Length];
    private long _younger;

    /// <summary>The age of the state that the builder started with.</summary>
    public StateAge Start => start;

    /// <summary>The ages of held snapshots, as they were when the builder was made.</summary>
    public StateAge[] Held => held;

    /// <summary>All bytes.</summary>
    public long Total { get; private set; }

    /// <summary>The bytes of nodes.</summary>
    public long NodeBytes { get; private set; }

    /// <summary>The bytes that held snapshots have, from this one on and not before; at the end, those that none of them has.</summary>
    public long this[int index] => index < _byHeld.Length ? _byHeld[index] : _younger;

    /// <summary>Adds a node that is copied or dropped.</summary>
    public void Add(Node node)
    {
        // The empty leaf has no owner, and all indexes share it.
        if (node.Owner == 0)
            return;
        NodeBytes += node.MemoryBytes;
        var index = held.Length;
        while (index > 0 && held[index - 1].Owner >= node.Owner)
            index--;
        Add(index, node.MemoryBytes);
    }

    /// <summary>Adds what was written at a revision.</summary>
    public void Add(long revision, long bytes)
    {
        // What the builder itself has put there is in no snapshot.
        if (revision > start.Revision)
            return;
        var index = held.Length;
        while (index > 0 && held[index - 1].Revision >= revision)
            index--;
        Add(index, bytes);
    }

    /// <summary>Adds what is dropped as a whole, so that its age is unknown: every held snapshot may have it.</summary>
    public void AddUnvisited(long bytes) => Add(0, bytes);

    private void Add(int index, long bytes)
    {
        Total += bytes;
        if (index < _byHeld.Length)
            _byHeld[index] += bytes;
        else
            _younger += bytes;
    }
}
