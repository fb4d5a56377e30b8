using System.Runtime.InteropServices;

namespace KvStore;

/// <summary>
/// The watchers with one filter, and the batches that they were notified of. The hub calls all members under its lock, except
/// <see cref="FindAfter"/>, which any thread may call.
/// </summary>
internal sealed class WatchGroup
{
    private List<Commit>? _matches;

    // The batches that watchers were notified of and that are not released, oldest first.
    private volatile WatchBatch? _first;
    private WatchBatch? _last;

    public HashSet<Watcher> Watchers { get; } = [];

    /// <summary>Whether there are batches that are not released.</summary>
    public bool HasBatches => _first is not null;

    /// <summary>Adds a commit to those of the next <see cref="Notify"/>. May be called for each of its matching changes.</summary>
    /// <returns>Whether it is the first one.</returns>
    public bool AddMatch(Commit commit)
    {
        if (_matches is null)
        {
            _matches = [commit];
            return true;
        }

        if (_matches[^1] != commit)
            _matches.Add(commit);
        return false;
    }

    /// <summary>Makes batches of the added commits, which are all matching ones in (above, upTo], and notifies the watchers.</summary>
    public void Notify(long above, long upTo, WatchPacer pacer)
    {
        var revision = _matches![0].Revision;

        // No commit matched between the last batch and these.
        var (first, last) = WatchBatch.Split(_first is null ? above : _last!.UpTo, upTo, CollectionsMarshal.AsSpan(_matches));
        _matches = null;
        if (_first is null)
            _first = first;
        else
            _last!.Next = first;
        _last = last;
        foreach (var watcher in Watchers)
            pacer.Notify(watcher, revision);
    }

    /// <summary>Releases the batches up to a revision.</summary>
    /// <returns>Whether any batch is left.</returns>
    public bool Release(long upTo)
    {
        while (_first is { } first && first.UpTo <= upTo)
        {
            // The order matters: a watcher that finds the batch without a holder must not find the next one through it.
            (_first, first.Next) = (first.Next, WatchBatch.Released);
            first.Release();
        }

        if (!HasBatches)
            _last = null;
        return HasBatches;
    }

    /// <summary>The first batch of commits after a revision, for a holder; null when there is none, or an earlier one that is released.</summary>
    public WatchBatch? FindAfter(long revision)
    {
        for (var batch = _first; batch is not null && batch.Above <= revision; batch = batch.Next)
        {
            if (batch.UpTo > revision)
                return batch.After(revision);
        }

        return null;
    }
}
