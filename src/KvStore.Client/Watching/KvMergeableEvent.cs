using KvStore.Crdt;

namespace KvStore.Client;

/// <summary>An event of a watch of a mergeable value: one of the nested types.</summary>
public abstract record KvMergeableEvent
{
    private KvMergeableEvent()
    {
    }

    /// <summary>What the value includes beyond what the watcher has. The first event of each connection, and one for each change after it.</summary>
    /// <param name="Revision">The revision of the value.</param>
    /// <param name="Type">The type of the value.</param>
    /// <param name="Version">What the value includes; null in all but the first event of a connection.</param>
    /// <param name="Bytes">For <see cref="CrdtReplica.Merge(ReadOnlySpan{byte})"/>; null in a first event if nothing is lacking.</param>
    public sealed record Delta(KvRevision Revision, CrdtType Type, VersionVector? Version, ReadOnlyMemory<byte>? Bytes) : KvMergeableEvent;

    /// <summary>The service has collected garbage, so that a delta cannot say what changed: get what you lack with <see cref="KvMergeableValues.MergeAsync"/> or <see cref="KvMergeableValues.GetDeltaAsync"/>.</summary>
    public sealed record Collected : KvMergeableEvent;

    /// <summary>The value was deleted, or another one has taken its place. The last event.</summary>
    public sealed record Deleted : KvMergeableEvent;
}
