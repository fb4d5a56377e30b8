namespace KvStore.Server;

/// <summary>Encodes commits as events, for all watchers of the same keys at once as an <see cref="HttpChunk"/>, or piece by piece for one.</summary>
internal abstract class WatchEventEncoder : IWatchEncoder
{
    // What all watchers of the same keys share. Each of them sends more than this from the commits, as its client takes it.
    private const int SharedBytesMax = 1 << 20;

    /// <summary>What a client does whose next changes are forgotten, as a sentence.</summary>
    public abstract string AfterGone { get; }

    /// <summary>What a client does after the stop of the service, as a sentence.</summary>
    public abstract string AfterStop { get; }

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

            if (IsLast(commit, filter))
                break;
        }

        encoding = HttpChunk.Of(buffer.WrittenSpan);
        return true;
    }

    /// <summary>Writes the events of a commit piece by piece.</summary>
    public abstract IEnumerable<JsonTarget> WriteTo(JsonTarget target, Commit commit, WatchFilter filter);

    /// <summary>Whether the events of a commit are the last ones of the stream.</summary>
    public virtual bool IsLast(Commit commit, WatchFilter filter) => false;

    /// <summary>Whether the stream ends with one of these commits.</summary>
    public virtual bool EndsWith(IReadOnlyList<Commit> commits, WatchFilter filter) => false;
}

/// <summary>Encodes commits as <c>change</c> events: one per commit, with the matching changes only.</summary>
/// <param name="store">The store, which the events' ids name.</param>
/// <param name="withValues">Whether the events have values.</param>
internal sealed class ChangeEventEncoder(Store store, bool withValues) : WatchEventEncoder
{
    public override string AfterGone => "Changes after the last id have been forgotten. Watch again with initial=true.";

    public override string AfterStop => "The service is stopping. Connect again, with this id as Last-Event-ID, to resume here.";

    public override IEnumerable<JsonTarget> WriteTo(JsonTarget target, Commit commit, WatchFilter filter) => WatchEvents.Change(target, store.Id, commit, filter, withValues);
}
