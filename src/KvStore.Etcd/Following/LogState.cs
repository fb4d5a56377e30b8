using System.Collections.Concurrent;
using Google.Protobuf;
using KvStore.Etcd.Protocol;
using KvStore.Etcd.Records;

namespace KvStore.Etcd;

/// <summary>
/// What this replica has applied of the log, and the only place that applies: every replica evaluates the same records in the same order,
/// so that all come to the same state.
/// </summary>
/// <remarks>One call at a time of everything but <see cref="Applied"/>, <see cref="Manifest"/>, and pending records, which any thread may use.</remarks>
internal sealed class LogState(EtcdLayout layout, ICommitFollower follower, TimeProvider time)
{
    private const int OldAnswersMax = 10;

    // What etcd stores of a key besides its value: about, for the keys here.
    private const int KeyBytes = 150;

    private readonly BatchDecider _decider = new(time);
    private readonly ConcurrentDictionary<RecordId, PendingRecord> _pending = new();

    private int _oldAnswers;
    private RecordParts _parts = new();

    private long _checkpointPosition;
    private long _bytesSinceCheckpoint;

    private volatile KnownManifest _manifest = new(0, new Manifest());

    /// <summary>etcd's revision up to which everything that was delivered is applied. A record before it may be missing, if the watch has lost it: <see cref="Records"/> tells.</summary>
    public PositionSignal Applied { get; } = new();

    /// <summary>How many records are applied. None before them is missing, because the head counts them.</summary>
    public PositionSignal Records { get; } = new();

    /// <summary>etcd's revision up to which no record is missing. Owned by the thread that applies.</summary>
    public long RecordsUpTo { get; private set; }

    /// <summary>The manifest as of the position.</summary>
    public KnownManifest Manifest => _manifest;

    /// <summary>The number of the last record that is applied.</summary>
    public long Head => Records.Position;

    /// <summary>Bytes of the records after the newest checkpoint, with their keys and what each adds to the head.</summary>
    public long BytesSinceCheckpoint => Volatile.Read(ref _bytesSinceCheckpoint);

    /// <summary>Called after a <see cref="RecordKind.Mark"/> with the state after it.</summary>
    public Action<MarkedState>? Marked { get; init; }

    /// <summary>Called when there is another manifest.</summary>
    public Action<KnownManifest>? ManifestChanged { get; init; }

    /// <summary>Begins at an image.</summary>
    /// <param name="position">etcd's revision of the last record that it includes; 0 for none.</param>
    /// <param name="head">The number of that record.</param>
    public void Begin(long position, long head)
    {
        RecordsUpTo = position;
        Records.Advance(head);
        Applied.Advance(position);

        foreach (var pending in _pending.Values)
            pending.Skip();
    }

    /// <summary>Continues from another state, which was loaded anew. That one is not used any more.</summary>
    public void Adopt(LogState loaded)
    {
        _parts = loaded._parts;
        Begin(loaded.Applied.Position, loaded.Head);
        Set(loaded.Manifest);
    }

    /// <summary>Checks that etcd has not gone back behind what is applied. Any thread may call it.</summary>
    /// <param name="revision">The revision that etcd has answered with.</param>
    /// <param name="before">What was applied before it was asked.</param>
    /// <exception cref="EtcdException">It has answered from an old state; perhaps only once (etcd #20418).</exception>
    /// <exception cref="LogLostException">It answers so again and again.</exception>
    public void CheckForLoss(long revision, long before)
    {
        if (revision >= before)
            Volatile.Write(ref _oldAnswers, 0);
        else if (Interlocked.Increment(ref _oldAnswers) < OldAnswersMax)
            throw new EtcdException(EtcdFailure.Unknown, "etcd has answered from an old state.");
        else
            throw new LogLostException($"etcd is at revision {revision}, and this replica has applied {before}: etcd was restored from a backup, or is another one. Start the replicas again.");
    }

    /// <summary>Announces a record that is about to be sent.</summary>
    public void Add(PendingRecord pending) => _pending[pending.Id] = pending;

    /// <summary>Forgets a record that was certainly not written.</summary>
    public void Remove(PendingRecord pending) => _pending.TryRemove(pending.Id, out _);

    /// <summary>Sets the manifest that was found beside an image or a list.</summary>
    public void Set(KnownManifest manifest)
    {
        if (manifest.Revision <= _manifest.Revision)
            return;
        _parts.RemoveUpTo(manifest.Value.Replaced);
        Expect(manifest);
        _manifest = manifest;
        ManifestChanged?.Invoke(manifest);
    }

    /// <summary>Says which checkpoint is the newest, before the records up to its manifest are applied.</summary>
    public void Expect(KnownManifest manifest)
    {
        if (manifest.Value.Checkpoints is not [.., var newest] || newest.Position == _checkpointPosition)
            return;
        _checkpointPosition = newest.Position;

        // Those that were written while it was made are after it, but few.
        Volatile.Write(ref _bytesSinceCheckpoint, 0);
    }

    /// <summary>Applies what happened at one revision of etcd, all of it.</summary>
    /// <returns>Whether nothing before it is missing. Otherwise nothing is applied.</returns>
    public bool TryApply(ReadOnlySpan<Event> events)
    {
        var revision = events[0].Kv.ModRevision;
        if (revision <= Applied.Position)
            return true;
        KeyValue? record = null, head = null;
        RecordId id = default;
        foreach (var one in events)
        {
            var key = layout.Parse(one.Kv.Key);
            switch (key.Kind)
            {
                case LogKeyKind.Head:
                    head = one.Kv;
                    break;
                case LogKeyKind.Manifest:
                    Set(KnownManifest.Of(one.Kv));
                    break;
                case LogKeyKind.Part:
                    _parts.Add(key.Id, key.Part, one.Kv.Value, revision);
                    break;
                case LogKeyKind.Record:
                    (record, id) = (one.Kv, key.Id);
                    break;
            }
        }

        if (head is not null)
        {
            if (head.Version != Head + 1 || record is null || !_parts.Has(id, record.Value))
                return false;
            Apply(id, record.Value, revision);
        }

        Applied.Advance(revision);
        return true;
    }

    /// <summary>Applies a listed part or record.</summary>
    /// <param name="listed">The part or record; they are listed in the order of their revisions.</param>
    public void ApplyListed(KeyValue listed)
    {
        if (layout.Parse(listed.Key) is not { Kind: LogKeyKind.Record or LogKeyKind.Part } key)
            return;
        if (key.Kind == LogKeyKind.Part)
            _parts.Add(key.Id, key.Part, listed.Value, listed.ModRevision);
        else if (listed.ModRevision <= RecordsUpTo)
            throw new LogLostException($"A record at etcd's revision {listed.ModRevision} has a writer that knew a later one: etcd was restored from a backup while replicas were running.");
        else
            Apply(key.Id, listed.Value, listed.ModRevision);
        Applied.Advance(listed.ModRevision);
    }

    private void Apply(RecordId id, ByteString value, long revision)
    {
        var envelope = RecordEnvelope.Open(value);
        var content = _parts.Take(id, envelope);
        _pending.TryGetValue(id, out var pending);
        if (envelope.Kind is RecordKind.Whole or RecordKind.Parts)
        {
            var own = pending?.Is(value) == true;
            var (transactions, _, limits) = own ? new DecodedRecord(pending!.Transactions, 0, pending.Limits) : RecordCodec.Decode(content);
            var decision = _decider.Decide(follower, transactions, limits);
            if (decision.Commits.Count > 0)
                follower.Apply(decision);
            if (own)
                Complete(pending!, decision.Outcomes);
        }

        if (envelope.Kind == RecordKind.Jump)
            follower.Apply([Commit.Gap(follower.Latest.Revision + StoreIdentity.RestoreJump)]);
        RecordsUpTo = revision;
        Records.Advance(Head + 1);
        if (revision > _checkpointPosition)
            Volatile.Write(ref _bytesSinceCheckpoint, _bytesSinceCheckpoint + content.Length + (KeyBytes * (2 + (envelope.Kind == RecordKind.Parts ? envelope.PartCount : 0))));
        if (pending is not null)
            Complete(pending, null);
        if (envelope.Kind == RecordKind.Mark)
            Marked?.Invoke(new MarkedState(envelope.CheckpointId, follower.Latest, revision, Head));
    }

    private void Complete(PendingRecord pending, Outcome[]? outcomes)
    {
        _pending.TryRemove(pending.Id, out _);
        pending.Complete(outcomes);
    }
}

/// <summary>A manifest and etcd's revision of it; 0 if there is none.</summary>
internal sealed record KnownManifest(long Revision, Manifest Value)
{
    /// <summary>The manifest of its key.</summary>
    /// <exception cref="RecordFormatException">It is not one that this version knows.</exception>
    public static KnownManifest Of(KeyValue found)
    {
        var manifest = Wire.Parse(Records.Manifest.Parser, found.Value.Span);
        return manifest.Format == RecordFormat.Current ? new(found.ModRevision, manifest)
            : throw new RecordFormatException($"The manifest of checkpoints in etcd has format {manifest.Format}; this version knows {RecordFormat.Current}. Use the version that the other replicas have.");
    }
}

/// <summary>The state after a mark.</summary>
/// <param name="CheckpointId">The checkpoint that it is for.</param>
/// <param name="Snapshot">The state.</param>
/// <param name="Position">etcd's revision of the mark.</param>
/// <param name="Head">The number of the mark.</param>
internal sealed record MarkedState(string CheckpointId, Snapshot Snapshot, long Position, long Head);
