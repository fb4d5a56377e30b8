namespace KvStore.Mergeable;

/// <summary>What the requests of a batch do to a value, in their order. A request that is refused changes nothing and does not touch the others.</summary>
internal sealed class Evaluation
{
    // Below it, deltas are not worth a new head.
    private const int DeltaBytesMin = 16 << 10;

    private readonly IReadOnlyList<PendingMerge> _batch;
    private readonly MergeRefusal?[] _refusals;
    private readonly Entry? _entry;
    private List<ReadOnlyMemory<byte>> _deltas = [];
    private int _createdBy = -1;
    private ExpiryUpdate _expiry;
    private bool _isHubChanged;
    private bool _isRenewed;

    private Evaluation(IReadOnlyList<PendingMerge> batch, Entry? entry, DecodedValue? value)
    {
        (_batch, _entry, Value) = (batch, entry, value);
        _refusals = new MergeRefusal?[batch.Count];
    }

    /// <summary>The value; null if there is none.</summary>
    public DecodedValue? Value { get; private set; }

    /// <summary>The state before the changes, if the whole value is to be written; else null.</summary>
    public byte[]? HeadBefore { get; private init; }

    /// <summary>Evaluates a batch.</summary>
    /// <param name="key">The key.</param>
    /// <param name="batch">The requests.</param>
    /// <param name="entry">The entry of the key.</param>
    /// <param name="value">The same decoded, if it is a mergeable value.</param>
    /// <param name="at">When and where.</param>
    /// <param name="isWhole">Whether the whole value is to be written.</param>
    public static Evaluation Of(Key key, IReadOnlyList<PendingMerge> batch, Entry? entry, DecodedValue? value, Moment at, bool isWhole)
    {
        var hasChanges = batch.Any(pending => pending.Request.Change is not null);
        var replica = value?.Replica;

        // The hub is in the part of the value that an extension does not change.
        var mayChangeHub = value is not null && batch.Any(pending => pending.Request.Hub < value.Hub);
        var evaluation = new Evaluation(batch, entry, value)
        {
            HeadBefore = value is not null && (mayChangeHub || (hasChanges && (isWhole || value.MustRewrite || value.DeltaBytes > Math.Max(value.HeadBytes, DeltaBytesMin)))) ? value.Replica.Encode() : null,
        };

        // A delta since a version costs a set as much as all its elements.
        var before = hasChanges && batch.Count > 1 && replica is CounterReplica or TextReplica ? replica.Version : null;
        for (var i = 0; i < batch.Count; i++)
        {
            var request = batch[i].Request;
            evaluation._refusals[i] = evaluation.TryRefuse(i, key, request, at);
            if (evaluation._refusals[i] is null && request.Expiry.Replaces)
                evaluation._expiry = request.Expiry;
        }

        if (before is not null && evaluation._deltas.Count > 1 && replica!.DeltaSince(before) is { } together)
            evaluation._deltas = [together];
        return evaluation;
    }

    /// <summary>The operation that commits it; null if nothing changes.</summary>
    /// <param name="key">The key.</param>
    /// <param name="day">Today.</param>
    /// <param name="valueBytesMax">The most bytes of the value.</param>
    /// <param name="operation">The operation.</param>
    /// <returns>Whether the value fits; else the whole value has to be written, or is too large.</returns>
    public bool TryWrite(Key key, long day, int valueBytesMax, out Operation? operation)
    {
        operation = null;
        if (Value is null)
            return true;
        if (_createdBy >= 0 || _isRenewed)
            return TryWriteWhole(key, Value.Replica.Encode(), [], day, valueBytesMax, ref operation);
        if (_deltas.Count == 0 && !_isHubChanged)
        {
            operation = _expiry.Replaces ? new SetExpiry(key, _expiry) : null;
            return true;
        }

        if (HeadBefore is not null)
        {
            // A deletion can make the state smaller than what was before it.
            return TryWriteWhole(key, HeadBefore, _deltas, day, valueBytesMax, ref operation)
                || TryWriteWhole(key, Value.Replica.Encode(), [], day, valueBytesMax, ref operation);
        }

        var suffix = StoredValue.WriteDeltas(_deltas);
        var entry = _entry!.Value;
        if (entry.Value.Length > valueBytesMax - suffix.Length)
            return false;
        operation = StoredOperation.Extend(key, entry, suffix, _expiry);
        return true;
    }

    /// <summary>The result of each request, once they are committed or there was nothing to commit.</summary>
    /// <param name="entry">The entry now; null if there is none.</param>
    /// <param name="revision">The revision of the state.</param>
    public void Answer(Entry? entry, long revision)
    {
        var version = Value?.Replica.Version;
        for (var i = 0; i < _batch.Count; i++)
        {
            _batch[i].SetResult(_refusals[i] is { } refusal || Value is null || version is null || entry is null
                ? new MergeResult.Refused(_refusals[i] ?? MergeRefusal.Absent, revision, version)
                : new MergeResult.Merged(entry.Value.Revision, i == _createdBy, Value.Replica.Type, version, DeltaFor(_batch[i].Request, Value.Replica, version), Reading.NumberOf(Value.Replica))
                {
                    Lineage = Value.Replica.Lineage,
                });
        }
    }

    // What a client lacks, or everything if what it lacks was collected: its change is made in any case.
    private static ReadOnlyMemory<byte>? DeltaFor(MergeRequest request, CrdtReplica replica, VersionVector version) =>
        request.Since is not { } since || Reading.HasAll(since, version) ? (ReadOnlyMemory<byte>?)null : replica.DeltaSince(since) ?? replica.Encode();

    private MergeRefusal? TryRefuse(int index, Key key, MergeRequest request, Moment at)
    {
        if (_entry is { IsMergeable: false })
            return MergeRefusal.NotMergeable;
        if (Value is null)
            return TryCreate(index, key, request, at);
        if (request.Type is { } type && type != Value.Replica.Type)
            return MergeRefusal.OtherType;
        if (request.Lineage is { } lineage && lineage != Value.Replica.Lineage)
            return MergeRefusal.OtherLineage;
        if (Change.TryRefuse(Value.Replica, request.Change, _deltas) is { } refusal && !(refusal == MergeRefusal.Collected && TryRenew(request.Change, at)))
            return refusal;
        if (request is { Replica: { } replica, Since: { } since } && Value.Replica.IsHub)
            Value.Membership.Acknowledge(replica, since, Value.Replica.Version, at.Day);
        if (request.Hub < Value.Hub)
        {
            // Two stores created the value by the same state. One of them collects.
            Value.Hub = request.Hub.Value;
            Value.Replica.IsHub = Value.Hub == at.Store.Value;
            _isHubChanged = true;
        }

        return null;
    }

    // The hub, in another region, has retired the id of this store. If all that the store has is in the hub's state, or merges with it, the value continues under a new id.
    private bool TryRenew(MergeChange? change, Moment at)
    {
        var creation = StoredValue.NewCreation();
        if (Value!.Hub == at.Store.Value || change is not MergeChange.Delta { Bytes: var state } ||
            MergeableValue.TryLoad(state.Span, ServerReplica.IdOf(at.Store, at.Revision, creation)) is not { } replica ||
            replica.Lineage != Value.Replica.Lineage || replica.Merge(Value.Replica.Encode()) is not (MergeOutcome.Merged or MergeOutcome.Unchanged))
            return false;
        Value = Value.With(replica, creation);
        _isRenewed = true;
        return true;
    }

    private MergeRefusal? TryCreate(int index, Key key, MergeRequest request, Moment at)
    {
        if (request.Type is not { } type || request.Change is null)
            return MergeRefusal.Absent;
        var creation = StoredValue.NewCreation();
        if (Change.TryCreate(type, ServerReplica.IdOf(at.Store, at.Revision, creation), request.Change, out var replica) is { } refusal)
            return refusal;
        if (request.Lineage is { } lineage && request.Change is MergeChange.Delta && lineage != replica!.Lineage)
            return MergeRefusal.OtherLineage;
        Value = DecodedValue.Create(key, replica!, creation, request.Hub ?? at.Store.Value);
        Value.Replica.IsHub = Value.Hub == at.Store.Value;
        _createdBy = index;
        return null;
    }

    private bool TryWriteWhole(Key key, byte[] head, List<ReadOnlyMemory<byte>> deltas, long day, int valueBytesMax, ref Operation? operation)
    {
        operation = StoredOperation.Write(key, _entry, Value!, head, deltas, day, _expiry);
        return ((Put)operation).Value.Length <= valueBytesMax;
    }
}

/// <summary>When and where requests are evaluated.</summary>
/// <param name="Store">The store.</param>
/// <param name="Revision">The revision of the state.</param>
/// <param name="Day">Today, in days since 1970.</param>
internal readonly record struct Moment(StoreId Store, long Revision, long Day);
