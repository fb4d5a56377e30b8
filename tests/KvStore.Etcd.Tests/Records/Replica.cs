using System.Security.Cryptography;
using System.Text;

namespace KvStore.Etcd.Tests;

/// <summary>A replica without etcd: it evaluates records, and can say everything of its state and of what came of a record.</summary>
internal sealed class Replica
{
    private readonly SnapshotPublisher _publisher;
    private readonly BatchDecider _decider;

    public Replica(StoreOptions? options = null, TimeProvider? time = null)
    {
        time ??= new FakeTimeProvider();
        _publisher = new SnapshotPublisher(options ?? new StoreOptions(), time);
        _decider = new BatchDecider(time);
        _publisher.Load(0, []);
    }

    public Snapshot Latest => _publisher.Latest;

    /// <summary>Takes the state of another replica, as it is in a checkpoint.</summary>
    public void Load(Replica other, int partBytesMax)
    {
        var entries = new List<Entry>();
        foreach (var part in EntriesCodec.Encode(other.Latest.ScanAll(), partBytesMax))
            entries.AddRange(EntriesCodec.Decode(part, entries.Count == 0 ? default : entries[^1].Key, other.Latest.Revision));
        _publisher.Load(other.Latest.Revision, entries);
    }

    /// <summary>Evaluates a record as each replica does, and returns what came of it.</summary>
    public string Evaluate(ReadOnlyMemory<byte> record)
    {
        var decoded = RecordCodec.Decode(record);
        return Evaluate(decoded.Transactions, decoded.Limits);
    }

    /// <summary>Evaluates transactions, and returns what came of them.</summary>
    public string Evaluate(IReadOnlyList<Transaction> transactions, DecisionLimits limits)
    {
        var decision = _decider.Decide(_publisher, transactions, limits);
        if (decision.Commits.Count > 0)
            _publisher.Apply(decision);
        return string.Join('\n', [.. decision.Outcomes.Select(Describe), .. decision.Commits.Select(Describe)]);
    }

    /// <summary>The whole state as text, with the store's own records.</summary>
    public string DescribeState() =>
        $"revision {Latest.Revision}, {Latest.Count} entries, {Latest.Bytes} bytes\n{string.Join('\n', Latest.ScanAll().Select(entry => Describe(entry)))}";

    private static string Describe(Outcome outcome) => outcome switch
    {
        Outcome.Committed committed => $"committed {committed.Revision} {string.Join(", ", committed.Results.ToArray().Select(result => $"{result.Existed} {result.Number} {Describe(result.Entry)}"))}",
        Outcome.GuardsFailed failed => $"guards failed {failed.Revision} {string.Join(", ", failed.Failed.Select(guard => $"{guard.Guard.Key} {guard.Guard.Kind} {Describe(guard.Current)}"))}",
        Outcome.Rejected rejected => $"rejected {rejected.Revision} {rejected.Reason} {Describe(rejected.Current)}",
        Outcome.Replayed replayed => $"replayed {replayed.Revision} {Convert.ToHexString(replayed.Record.Span)}",
        Outcome.NotApplied notApplied => $"not applied {notApplied.Reason}",
        _ => $"{outcome}",
    };

    private static string Describe(Commit commit) => string.Join(
        ", ",
        [
            $"commit {commit.Revision}",
            .. commit.Changes.ToArray().Select(change => $"{Text(change.Key)}: {Describe(change.Previous)} to {(change.IsExpiry ? "(expired)" : Describe(change.Current))}"),
            .. commit.Deleted is { } deleted ? [$"{deleted.Count} below {deleted.Prefix}"] : Array.Empty<string>(),
        ]);

    private static string Describe(Entry? present) => present is not { } entry
        ? "(absent)"
        : $"{Text(entry.Key)}={Describe(entry.Value.Span)} ({entry.ContentType}) {entry.CreatedRevision} {entry.Revision} {entry.Version} {entry.ModifiedAtMilliseconds}" +
            (entry.ExpiresAt is null ? "" : $" {entry.ExpiresAtMilliseconds}");

    private static string Describe(ReadOnlySpan<byte> value) =>
        value.Length > 60 ? $"{value.Length} bytes {Convert.ToHexString(SHA256.HashData(value))[..16]}"
        : Key.HasControlCharacter(value) ? Convert.ToHexString(value)
        : Encoding.UTF8.GetString(value);

    private static string Text(Key key) => key.ToString().Replace('\0', '~');
}
