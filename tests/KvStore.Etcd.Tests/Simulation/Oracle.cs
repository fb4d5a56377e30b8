using System.Collections.Concurrent;
using System.Collections.Immutable;
using Google.Protobuf;
using KvStore.Etcd.Protocol;

namespace KvStore.Etcd.Tests;

/// <summary>
/// The truth of a simulation: evaluates every record at the moment that etcd has it, without network, faults or threads. What any replica ever
/// says is compared with this.
/// </summary>
internal sealed class Oracle
{
    private readonly EtcdLayout _layout;
    private readonly TimeProvider _time;
    private readonly BatchDecider _decider;
    private readonly Follower _follower = new();
    private readonly Dictionary<RecordId, SortedDictionary<int, ByteString>> _parts = [];
    private readonly ConcurrentDictionary<long, Snapshot> _states = new();
    private readonly ConcurrentDictionary<string, List<Outcome>> _evaluations = new();
    private readonly List<string> _mistakes = [];

    public Oracle(FakeEtcdServer server, string prefix, TimeProvider time)
    {
        _layout = new EtcdLayout(prefix);
        _time = time;
        _decider = new BatchDecider(time);
        _states[0] = Snapshot.Empty;
        server.Written = OnWritten;
    }

    /// <summary>The state after the last record.</summary>
    public Snapshot Latest => Volatile.Read(ref _follower.State);

    /// <summary>What should never have been written.</summary>
    public IReadOnlyList<string> Mistakes => _mistakes;

    /// <summary>The state at a revision; null if there is no such revision.</summary>
    public Snapshot? At(long revision) => _states.GetValueOrDefault(revision);

    /// <summary>What came of a transaction each time that it was evaluated.</summary>
    public IReadOnlyList<Outcome> EvaluationsOf(string id) => _evaluations.TryGetValue(id, out var outcomes) ? outcomes : [];

    /// <summary>A guard that always passes, by which a transaction is recognized in a record.</summary>
    public static Guard NewMark(string id) => Guard.RevisionNotIn(Key.Parse($"mark/{id}"), 1);

    private static string? MarkOf(Transaction transaction) =>
        transaction.Guards.Select(guard => guard.Key.ToString()).FirstOrDefault(key => key.StartsWith("mark/", StringComparison.Ordinal))?[5..];

    private void OnWritten(EtcdState state)
    {
        foreach (var change in state.Events.Where(change => change.Type == Event.Types.EventType.Put))
        {
            var key = _layout.Parse(change.Kv.Key);
            if (key.Kind == LogKeyKind.Part)
                (_parts.TryGetValue(key.Id, out var parts) ? parts : _parts[key.Id] = [])[key.Part] = change.Kv.Value;
            else if (key.Kind == LogKeyKind.Record)
                Evaluate(key.Id, RecordEnvelope.Open(change.Kv.Value));
            else if (key.Kind == LogKeyKind.Manifest)
                CheckCheckpoint(KnownManifest.Of(change.Kv).Value.Checkpoints[^1]);
        }
    }

    private void Evaluate(RecordId id, RecordEnvelope envelope)
    {
        if (envelope.Kind is not (RecordKind.Whole or RecordKind.Parts))
            return;
        ReadOnlyMemory<byte> content = envelope.Kind == RecordKind.Whole ? envelope.Content : _parts[id].Values.SelectMany(part => part).ToArray();
        var record = RecordCodec.Decode(content);
        var decision = _decider.Decide(_follower, record.Transactions, record.Limits);
        var state = _follower.State;
        foreach (var commit in decision.Commits)
        {
            var builder = state.ToBuilder();
            builder.Apply(commit);
            _states[commit.Revision] = state = builder.ToSnapshot(commit.Revision);
        }

        for (var i = 0; i < decision.Outcomes.Length; i++)
        {
            if (MarkOf(record.Transactions[i]) is { } mark)
                _evaluations.GetOrAdd(mark, _ => []).Add(decision.Outcomes[i]);
            else
                CheckExpiry(decision.Outcomes[i]);
        }

        Volatile.Write(ref _follower.State, state);
    }

    private void CheckCheckpoint(Records.Checkpoint checkpoint)
    {
        if (At(checkpoint.Revision) is not { } state || !checkpoint.Hash.Span.SequenceEqual(StateHash.Of(state)))
            _mistakes.Add($"The checkpoint {checkpoint.Id} at {checkpoint.Revision} is not the state there.");
    }

    // What no client sent is an expiry. It must not be early by the clock that is right.
    private void CheckExpiry(Outcome outcome)
    {
        var now = _time.GetUtcNow().ToUnixTimeMilliseconds();
        if (outcome is not Outcome.Committed committed)
            return;
        foreach (var change in committed.Changes)
        {
            if (change is { Previous: { } entry, Current: null } && entry.ExpiresAtMilliseconds > now)
                _mistakes.Add($"{entry.Key} expires at {entry.ExpiresAtMilliseconds} and was deleted at {now}.");
        }
    }

    private sealed class Follower : ICommitFollower
    {
        public Snapshot State = Snapshot.Empty;

        public Snapshot Latest => State;

        public MemoryBudget Memory => throw new InvalidOperationException("A record is evaluated without regard to the memory.");

        public IDisposable Hold(Snapshot snapshot) => throw new NotSupportedException();

        public void Load(long revision, IEnumerable<Entry> entries) => throw new NotSupportedException();

        public void Apply(IReadOnlyList<Commit> commits) => throw new NotSupportedException();

        public void Apply(Decision decision) => throw new NotSupportedException();
    }
}
