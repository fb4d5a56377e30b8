namespace KvStore.Server;

/// <summary>Encodes commits as <c>change</c> events: one per commit, with the matching changes only.</summary>
/// <param name="store">The store, which the events' ids name.</param>
/// <param name="withValues">Whether the events have values.</param>
/// <param name="bytesMax">
/// The most bytes of keys and values in one encoding; more are rejected. Checked before encoding, because an array has at most 2 GiB and JSON takes up to six bytes for one.
/// </param>
internal sealed class WatchEventEncoder(Store store, bool withValues, long bytesMax) : IWatchEncoder
{
    // The members of a change besides its key and value, in bytes that need no escape.
    private const int ChangeOverheadBytes = 64;

    public bool TryEncode(ReadOnlySpan<Commit> commits, WatchFilter filter, out ReadOnlyMemory<byte> events)
    {
        var fits = BytesOf(commits, filter) <= bytesMax;
        events = fits ? WatchEvents.Changes(store.Id, commits, filter, withValues) : default;
        return fits;
    }

    private long BytesOf(ReadOnlySpan<Commit> commits, WatchFilter filter)
    {
        var bytes = 0L;
        foreach (var commit in commits)
        {
            foreach (ref readonly var change in commit.Changes)
            {
                if (filter.Matches(change.Key.Utf8))
                    bytes += ChangeOverheadBytes + (withValues && change.Current is { } entry ? entry.Bytes : change.Key.Length);
            }
        }

        return bytes;
    }
}
