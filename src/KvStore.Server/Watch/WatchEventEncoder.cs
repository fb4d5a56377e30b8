namespace KvStore.Server;

/// <summary>Encodes commits as <c>change</c> events: one per commit, with the matching changes only.</summary>
/// <param name="store">The store, which the events' ids name.</param>
/// <param name="withValues">Whether the events have values.</param>
internal sealed class WatchEventEncoder(Store store, bool withValues) : IWatchEncoder
{
    // What all watchers of the same keys share. Each of them sends more than this from the commits, as its client takes it.
    private const int SharedBytesMax = 1 << 20;

    public bool TryEncode(ReadOnlySpan<Commit> commits, WatchFilter filter, out ReadOnlyMemory<byte> encoding)
    {
        encoding = default;
        var buffer = new ArrayBufferWriter<byte>();
        var target = new JsonTarget(buffer, isOneLine: true);
        foreach (var commit in commits)
        {
            // Counted after each piece, because escapes can make a value six times as long.
            foreach (var _ in WriteTo(target, commit, filter))
            {
                if (buffer.WrittenCount + target.Json.BytesPending > SharedBytesMax)
                    return false;
            }
        }

        encoding = buffer.WrittenSpan.ToArray();
        return true;
    }

    /// <summary>Writes the event of a commit piece by piece.</summary>
    public IEnumerable<JsonTarget> WriteTo(JsonTarget target, Commit commit, WatchFilter filter) => WatchEvents.Change(target, store.Id, commit, filter, withValues);
}
