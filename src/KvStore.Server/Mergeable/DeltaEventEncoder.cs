using KvStore.Crdt;
using KvStore.Mergeable;

namespace KvStore.Server;

/// <summary>
/// Encodes the commits of one mergeable value as events with deltas, for all its watchers at once. The value is that of one creation: what ends it, a
/// deletion or another one in its place, is the last event.
/// </summary>
internal sealed class DeltaEventEncoder : WatchEventEncoder
{
    // Of a delta (docs/crdt-format.md).
    private const int TypeAt = 1;

    public override string AfterGone => "Changes have been forgotten before they were sent. Watch again with since, your version.";

    public override string AfterStop => "The service is stopping. Connect again with since, your version, to resume here.";

    public override IEnumerable<JsonTarget> WriteTo(JsonTarget target, Commit commit, WatchFilter filter)
    {
        if (IsLast(commit, filter))
        {
            WriteRevision(target, "delete"u8, commit.Revision);
            yield return target;
            yield break;
        }

        for (var i = 0; i < commit.Changes.Length; i++)
        {
            if (!filter.Matches(commit.Changes[i].Key.Utf8))
                continue;
            var deltas = MergeableValues.DeltasBetween(commit.Changes[i].Previous, commit.Changes[i].Current!.Value);
            if (deltas is null)
                WriteRevision(target, "sync"u8, commit.Revision);
            foreach (var delta in deltas ?? [])
            {
                foreach (var piece in Delta(target, new MergeAnswer(commit.Revision) { Type = (CrdtType)delta.Span[TypeAt], Delta = delta }))
                    yield return piece;
            }

            yield return target;
        }
    }

    public override bool IsLast(Commit commit, WatchFilter filter)
    {
        foreach (ref readonly var change in commit.Changes)
        {
            if (filter.Matches(change.Key.Utf8) && !(change.Current is { IsMergeable: true } current && change.Previous is { } previous && previous.CreatedRevision == current.CreatedRevision))
                return true;
        }

        return filter.DeletedIn(commit).Any();
    }

    public override bool EndsWith(IReadOnlyList<Commit> commits, WatchFilter filter)
    {
        // The commit that ends a stream is nearly always none of these.
        for (var i = 0; i < commits.Count; i++)
        {
            if (IsLast(commits[i], filter))
                return true;
        }

        return false;
    }

    /// <summary>An event with a delta.</summary>
    public static IEnumerable<JsonTarget> Delta(JsonTarget to, MergeAnswer answer)
    {
        WatchEvents.Begin(to, "delta"u8, null);
        foreach (var piece in answer.WriteMembersTo(to))
            yield return piece;
        WatchEvents.End(to);
    }

    private static void WriteRevision(JsonTarget to, ReadOnlySpan<byte> name, long revision)
    {
        WatchEvents.Begin(to, name, null);
        to.Json.WriteNumber("revision"u8, revision);
        WatchEvents.End(to);
    }
}
