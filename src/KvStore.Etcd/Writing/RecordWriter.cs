using Google.Protobuf;
using KvStore.Etcd.Protocol;

namespace KvStore.Etcd;

/// <summary>
/// Writes records: one at a time, each at most once, and finds out what became of those whose answers were lost. One call at a time.
/// </summary>
/// <remarks>
/// A record is created only if its key does not exist and the manifest is the one that the writer knows. The first makes a second copy of a
/// request harmless, whatever made it; the second keeps a record that was delayed from appearing where records have been deleted.
/// </remarks>
internal sealed class RecordWriter(IEtcd etcd, EtcdLayout layout, LogState state, Delivery delivery, EtcdLogOptions options)
{
    private const int PartBytesMin = 64 << 10;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    // Marks may be written between the parts of a record, which belong together by their writer.
    private readonly ulong _marker = StoreId.Create().Value;

    private uint _number;
    private int _partBytesMax = options.PartBytesMax;

    // Its fate is unknown. No other record is written before it is known: the transactions of one writer are committed in their order.
    private PendingRecord? _unresolved;

    private enum Fate
    {
        Unknown,
        Written,
        NotWritten,

        // Not written, and neither would another one be.
        NoSpace,
    }

    /// <summary>Names this writer; another one for each life of a replica.</summary>
    public ulong Writer { get; } = StoreId.Create().Value;

    /// <summary>The transactions from one on that one value of etcd holds; at least one, which may take several values.</summary>
    public ArraySegment<Transaction> Cut(IReadOnlyList<Transaction> batch, int start)
    {
        var end = start;
        for (var bytes = 0L; end < batch.Count; end++)
        {
            bytes += RecordCodec.SizeOf(batch[end]);
            if (end > start && bytes > options.PartBytesMax)
                break;
        }

        // A copy, because a record whose fate is unknown outlives the batch.
        return batch.Skip(start).Take(end - start).ToArray();
    }

    /// <summary>Writes a record and waits until this replica has evaluated it.</summary>
    /// <param name="transactions">Its transactions.</param>
    /// <param name="limits">What their evaluation depends on besides the state.</param>
    /// <param name="deadline">When to give up.</param>
    public async Task<Outcome[]> WriteAsync(IReadOnlyList<Transaction> transactions, DecisionLimits limits, Deadline deadline)
    {
        while (true)
        {
            if (_unresolved is { } unresolved && await ResolveAsync(unresolved, deadline).ConfigureAwait(false) == Fate.Unknown)
                return NotApplied(transactions, NotAppliedReason.Unreachable);

            ReadOnlyMemory<byte> content = RecordCodec.Encode(transactions, limits.Now!.Value, limits);
            var manifest = state.Manifest;
            var id = NextId(manifest, Writer);
            var parts = content.Length <= _partBytesMax ? 0 : (content.Length + _partBytesMax - 1) / _partBytesMax;
            var pending = new PendingRecord(id, transactions, limits, manifest, parts == 0 ? RecordEnvelope.Whole(content.Span) : RecordEnvelope.Parts(parts));
            state.Add(pending);
            try
            {
                var successor = await CreateAsync(pending, content, parts, deadline).ConfigureAwait(false);
                if (successor == 0)
                    return await TakeOutcomesAsync(pending, deadline).ConfigureAwait(false);

                // There is another manifest, so this record is not written and never will be. The next one has a place after that manifest.
                state.Remove(pending);
                await delivery.WaitForManifestAsync(successor, deadline).ConfigureAwait(false);
            }
            catch (EtcdException exception) when (exception.IsNotExecuted)
            {
                state.Remove(pending);
                if (exception.Failure == EtcdFailure.TooLarge && _partBytesMax <= PartBytesMin)
                    return NotApplied(transactions, NotAppliedReason.RequestTooLarge);
                if (exception.Failure == EtcdFailure.TooLarge)
                    _partBytesMax /= 2;
                else
                    await delivery.TryPauseAsync(Pause, deadline).ConfigureAwait(false);
            }
            catch (EtcdException exception)
            {
                _unresolved = pending;
                var fate = await ResolveAsync(pending, deadline, isRefused: exception.Failure == EtcdFailure.NoSpace).ConfigureAwait(false);
                if (fate is Fate.Written or Fate.Unknown)
                    return fate == Fate.Written ? await TakeOutcomesAsync(pending, deadline).ConfigureAwait(false) : AllUnknown(transactions);
                if (fate == Fate.NoSpace)
                    return NotApplied(transactions, NotAppliedReason.NoSpace);
            }

            if (delivery.HasPassed(deadline))
                return NotApplied(transactions, NotAppliedReason.Unreachable);
        }
    }

    /// <summary>Writes a mark. Nothing depends on it, so it is not tried again.</summary>
    public async Task<bool> TryMarkAsync(string checkpointId, Deadline deadline)
    {
        var manifest = state.Manifest;
        var pending = new PendingRecord(NextId(manifest, _marker), [], default, manifest, RecordEnvelope.Mark(checkpointId));
        return await CreateAsync(pending, default, 0, deadline).ConfigureAwait(false) == 0;
    }

    private static Outcome[] NotApplied(IReadOnlyList<Transaction> transactions, NotAppliedReason reason) => All(transactions, new Outcome.NotApplied(reason));

    private static Outcome[] AllUnknown(IReadOnlyList<Transaction> transactions) => All(transactions, Outcome.Unknown.Instance);

    private static Outcome[] All(IReadOnlyList<Transaction> transactions, Outcome outcome)
    {
        var outcomes = new Outcome[transactions.Count];
        Array.Fill(outcomes, outcome);
        return outcomes;
    }

    // A manifest may be known a moment before the position that it is at.
    private RecordId NextId(KnownManifest manifest, ulong writer) => new(Math.Max(state.Applied.Position, manifest.Revision), writer, Interlocked.Increment(ref _number));

    private async Task<Outcome[]> TakeOutcomesAsync(PendingRecord pending, Deadline deadline)
    {
        if (await delivery.WaitAsync(pending.Decided, deadline).ConfigureAwait(false))
            return await pending.Decided.ConfigureAwait(false) ?? AllUnknown(pending.Transactions);
        state.Remove(pending);
        return AllUnknown(pending.Transactions);
    }

    // Returns 0, or etcd's revision of another manifest: the record is not written, because there is that one.
    private async Task<long> CreateAsync(PendingRecord pending, ReadOnlyMemory<byte> content, int parts, Deadline deadline)
    {
        var size = parts == 0 ? 0 : _partBytesMax;
        for (var part = 0; part < parts; part++)
        {
            var bytes = content.Slice(part * size, Math.Min(size, content.Length - (part * size)));
            if (await CreateKeyAsync(layout.Part(pending.Id, part), UnsafeByteOperations.UnsafeWrap(bytes), isRecord: false, pending.Manifest, deadline).ConfigureAwait(false) is > 0 and var successor)
                return successor;
        }

        return await CreateKeyAsync(layout.Record(pending.Id), pending.Value, isRecord: true, pending.Manifest, deadline).ConfigureAwait(false);
    }

    private async Task<long> CreateKeyAsync(ByteString key, ByteString value, bool isRecord, KnownManifest manifest, Deadline deadline)
    {
        var response = await TryCreateAsync(key, value, isRecord, manifest, deadline).ConfigureAwait(false);
        return response.Succeeded || response.Responses[0].ResponseRange.Kvs.Count > 0 ? 0 : SuccessorOf(response);
    }

    private static long SuccessorOf(TxnResponse response) => response.Responses[1].ResponseRange.Kvs is [var manifest] ? manifest.ModRevision
        : throw new EtcdException(EtcdFailure.Unknown, "The manifest of checkpoints in etcd was deleted by someone else.");

    private Task<TxnResponse> TryCreateAsync(ByteString key, ByteString value, bool isRecord, KnownManifest manifest, Deadline deadline)
    {
        var request = new TxnRequest
        {
            Compare =
            {
                new Compare { Target = Compare.Types.CompareTarget.Create, Key = key, CreateRevision = 0 },
                new Compare { Target = Compare.Types.CompareTarget.Mod, Key = layout.Manifest, ModRevision = manifest.Revision },
            },
            Success = { new RequestOp { RequestPut = new PutRequest { Key = key, Value = value } } },
            Failure = { Read(key, isKeyOnly: false), Read(layout.Manifest, isKeyOnly: false), Read(layout.Head, isKeyOnly: true) },
        };
        if (isRecord)
            request.Success.Add(new RequestOp { RequestPut = new PutRequest { Key = layout.Head } });
        return delivery.CallAsync(token => etcd.TxnAsync(request, token), deadline);
    }

    /// <summary>Finds out what became of a record, by writing a fence in its place. Whichever is first excludes the other.</summary>
    /// <param name="pending">The record.</param>
    /// <param name="deadline">When to give up.</param>
    /// <param name="isRefused">Whether etcd said that it has no space. A fence would need some too, but it also has decided then, and can be asked.</param>
    private async Task<Fate> ResolveAsync(PendingRecord pending, Deadline deadline, bool isRefused = false)
    {
        var fate = Fate.Unknown;
        while (fate == Fate.Unknown)
        {
            if (pending.Decided.IsCompleted)
            {
                fate = await pending.Decided.ConfigureAwait(false) is null ? Fate.NotWritten : Fate.Written;
                break;
            }

            try
            {
                if (isRefused)
                {
                    var read = await delivery.CallAsync(token => etcd.RangeAsync(new RangeRequest { Key = layout.Record(pending.Id) }, token), deadline).ConfigureAwait(false);
                    fate = read.Kvs.Count > 0 ? Fate.Written : Fate.NoSpace;
                    break;
                }

                var response = await TryCreateAsync(layout.Record(pending.Id), RecordEnvelope.Fence, isRecord: true, pending.Manifest, deadline).ConfigureAwait(false);
                fate = response.Succeeded ? Fate.NotWritten
                    : response.Responses[0].ResponseRange.Kvs is [var found] ? (pending.Is(found.Value) ? Fate.Written : Fate.NotWritten)
                    : await FindBeforeManifestAsync(pending, response, deadline).ConfigureAwait(false);
            }
            catch (EtcdException)
            {
                if (!await delivery.TryPauseAsync(Pause, deadline).ConfigureAwait(false))
                    return Fate.Unknown;
            }
        }

        _unresolved = null;
        if (fate != Fate.Written)
            state.Remove(pending);
        return fate;
    }

    // Since there is another manifest, the record can no longer be written; if it was, then before that manifest, and it may have been deleted since.
    private async Task<Fate> FindBeforeManifestAsync(PendingRecord pending, TxnResponse response, Deadline deadline)
    {
        var head = response.Responses[2].ResponseRange.Kvs.FirstOrDefault();
        return !await delivery.WaitForRecordsAsync(head?.Version ?? 0, Math.Max(SuccessorOf(response), head?.ModRevision ?? 0), deadline).ConfigureAwait(false)
            ? throw new EtcdException(EtcdFailure.Unknown, "The watch does not deliver.")
            : pending.Decided.IsCompleted || pending.IsSkipped ? Fate.Written
            : Fate.NotWritten;
    }

    private static RequestOp Read(ByteString key, bool isKeyOnly) => new() { RequestRange = new RangeRequest { Key = key, KeysOnly = isKeyOnly } };
}
