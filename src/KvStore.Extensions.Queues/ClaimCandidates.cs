using System.Diagnostics.CodeAnalysis;

namespace KvStore.Extensions.Queues;

/// <summary>
/// Ready jobs that were listed, in random order, so that many workers seldom try to claim the same one. They serve several claims: as long as no other worker was faster, they are as good as a new listing. Thread-safe.
/// </summary>
internal sealed class ClaimCandidates
{
    private readonly object _lock = new();
    private readonly List<KvEntry> _entries = [];

    public void Set(IEnumerable<KvEntry> entries)
    {
        var shuffled = entries.ToArray();
        Random.Shared.Shuffle(shuffled);
        lock (_lock)
        {
            _entries.Clear();
            _entries.AddRange(shuffled);
        }
    }

    public bool TryTake([NotNullWhen(true)] out KvEntry? entry)
    {
        lock (_lock)
        {
            entry = _entries.Count > 0 ? _entries[^1] : null;
            if (entry is not null)
                _entries.RemoveAt(_entries.Count - 1);
        }

        return entry is not null;
    }

    public void Clear()
    {
        lock (_lock)
            _entries.Clear();
    }
}
