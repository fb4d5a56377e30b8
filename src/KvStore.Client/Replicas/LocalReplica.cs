using KvStore.Crdt;

namespace KvStore.Client;

/// <summary>
/// A replica of a mergeable value with what is known of the service: which changes it has. Not thread-safe.
/// </summary>
/// <remarks>
/// A replica id has one history. It would have two if a copy of what was saved were used as well, or an older copy were restored. So what was loaded is not continued under its id before the service has shown
/// that it has no more changes of it; who makes changes before that, or was saved at another place, makes them under a new id. What was done under the old one is sent as it is, by each copy, which does no harm.
/// </remarks>
internal sealed class LocalReplica
{
    private readonly UnsentChanges _unsent;

    // Earlier ids of this replica, as long as the service may lack changes of them.
    private readonly List<ReplicaId> _earlier;

    // Whether this id has no other history: it is new, or the service was seen since it was loaded.
    private bool _isSettled;
    private bool _isForked;
    private bool _isConnecting;

    // The last change as a delta, if there was only this one since the service had everything. A delta since a version of a set grows with the set.
    private (ulong From, ulong To, ulong Epoch, byte[] Bytes) _single;

    private LocalReplica(CrdtReplica value, UnsentChanges unsent, IEnumerable<ReplicaId> earlier, VersionVector known)
    {
        Value = value;
        _unsent = unsent;
        _earlier = [.. earlier];
        Known = known;
    }

    public CrdtReplica Value { get; private set; }

    /// <summary>What the service is known to have.</summary>
    public VersionVector Known { get; private set; }

    /// <summary>Whether the value is known to be the service's, and not only one that was made here.</summary>
    public bool IsShared { get; private init; }

    public ReplicaId Id => Value.Self;

    public long MemoryBytes => Value.MemoryBytes + _unsent.MemoryBytes;

    /// <summary>Whether there are changes that the service is not known to have.</summary>
    public bool HasUnsent => !Known.Covers(Value.Version);

    private ulong Own => Value.Version[Id];

    /// <summary>A replica of a value that is made here.</summary>
    public static LocalReplica Create(CrdtType type) =>
        new(MergeableValue.Create(type, ReplicaId.Create()), new UnsentChanges(), [], VersionVector.Empty) { _isSettled = true };

    /// <summary>A replica of the value of the service; null if the state is none.</summary>
    public static LocalReplica? TryLoad(KvMergeableDelta state) =>
        MergeableValue.TryLoad((state.Bytes ?? default).Span, ReplicaId.Create()) is { } value ? new(value, new UnsentChanges(), [], state.Version) { IsShared = true, _isSettled = true } : null;

    public IntentOutcome Increment(long amount)
    {
        Settle();
        if (Value is not CounterReplica counter)
            return IntentOutcome.Unsupported;
        var before = Own;
        var outcome = counter.Increment(amount, out var delta);
        if (outcome == IntentOutcome.Applied)
        {
            Note(before, delta);
            _unsent.Add(new(Id, Own), amount);
        }

        return outcome;
    }

    public IntentOutcome Change(IReadOnlyCollection<string> add, IReadOnlyCollection<string> remove, VersionVector? context)
    {
        Settle();
        if (Value is not SetReplica set)
            return IntentOutcome.Unsupported;
        var before = set.Version;
        var outcome = set.Change(add, remove, context, out var delta);
        if (outcome != IntentOutcome.Applied)
            return outcome;
        Note(before[Id], delta);
        foreach (var element in remove)
            _unsent.Set(element, new ElementChange(new(Id, Own), context ?? before));
        foreach (var element in add)
            _unsent.Set(element, new ElementChange(new(Id, Own), null));
        return outcome;
    }

    public IntentOutcome Edit(IReadOnlyList<TextEdit> edits, VersionVector? baseVersion)
    {
        Settle();
        if (Value is not TextReplica text)
            return IntentOutcome.Unsupported;
        var before = Own;
        var outcome = text.Edit(edits, baseVersion, out var delta);
        if (outcome == IntentOutcome.Applied)
            Note(before, delta);
        return outcome;
    }

    /// <summary>Merges what the service sent.</summary>
    public MergeOutcome Merge(ReadOnlySpan<byte> delta)
    {
        if (MergeableValue.TryReadVersion(delta) is not { } brought)
            return MergeOutcome.Malformed;
        var outcome = IsOfACopy(brought) ? MergeOutcome.Forked : Value.Merge(delta);
        _isForked |= outcome == MergeOutcome.Forked;

        // The service has what it sends, also what it got from this replica in a request whose answer did not arrive. Without that, a delta could lack what others did to it.
        if (outcome is MergeOutcome.Merged or MergeOutcome.Unchanged)
            Learn(Known.Join(brought));
        return outcome;
    }

    /// <summary>What the service has is noted anew, because it may be less than before, as after a backup was restored.</summary>
    public void BeginConnection() => _isConnecting = true;

    /// <summary>Notes what the service has.</summary>
    /// <returns>False if it has changes of this id that are of a copy.</returns>
    public bool TryAcknowledge(VersionVector version)
    {
        if (IsOfACopy(version))
        {
            _isForked = true;
            return false;
        }

        Learn(_isConnecting ? version : Known.Join(version));
        _isConnecting = false;
        _isSettled = true;
        return true;
    }

    /// <summary>The service says that it has other changes under this id.</summary>
    public void NoteFork() => _isForked = true;

    /// <summary>What the service lacks. It may be sent once this replica is saved.</summary>
    public byte[] TakeUnsent()
    {
        _unsent.EndRun();
        var lacking = Value.Version.Beyond(Known);
        var isSingle = lacking.Count == 1 && lacking[Id] > 0 && (_single.From, _single.To) == (Known[Id], lacking[Id]) && _single.Epoch == Value.Epoch && _single.Epoch == Known.Epoch;
        return isSingle ? _single.Bytes : Value.DeltaSince(Known) ?? Value.Encode();
    }

    /// <summary>
    /// This replica under a new id: the state of the service, and on top of it what that does not have of this one. Of what was sent without an answer, the state says whether it arrived, unless it is so
    /// old that the service has forgotten the id; then it is repeated.
    /// </summary>
    /// <param name="state">The state.</param>
    /// <param name="repeats">Whether what the service is not known to have is repeated.</param>
    /// <returns>Null if the bytes are no state, or one of another type.</returns>
    /// <exception cref="OverflowException">A number would leave 64 bits.</exception>
    public LocalReplica? TryRestart(KvMergeableDelta state, bool repeats)
    {
        if (TryLoad(state) is not { } fresh || fresh.Value.Type != Value.Type)
            return null;
        if (!repeats)
            return fresh;
        _unsent.RepeatOn(After, fresh);
        if (fresh.Value is TextReplica text)
        {
            foreach (var id in _earlier.Append(Id))
                text.Repeat((TextReplica)Value, id, After(id));
        }

        return fresh;

        // Of a copy it has other changes under this id than are here.
        ulong After(ReplicaId id) =>
            fresh.Value.Lineage != Value.Lineage || (_isForked && id == Id) ? Known[id] : Math.Max(Known[id], fresh.Value.ChangesOf(id));
    }

    public void Write(BinaryWriter writer)
    {
        _unsent.EndRun();
        writer.Write((byte)Value.Type);
        writer.Write(Id.Value);
        writer.Write7BitEncodedInt(_earlier.Count);
        foreach (var id in _earlier)
            writer.Write(id.Value);
        writer.Write(Known.ToString());
        writer.Write(IsShared);
        var state = Value.Encode();
        writer.Write7BitEncodedInt(state.Length);
        writer.Write(state);
        _unsent.Write(writer);
    }

    /// <summary>Reads what was written.</summary>
    /// <param name="reader">The bytes.</param>
    /// <param name="isCopy">Whether they may be used elsewhere at the same time.</param>
    /// <exception cref="FormatException">The bytes are no replica.</exception>
    public static LocalReplica Read(BinaryReader reader, bool isCopy)
    {
        var type = (CrdtType)reader.ReadByte();
        var id = new ReplicaId(reader.ReadUInt64());
        var earlier = new ReplicaId[reader.Read7BitEncodedInt()];
        for (var i = 0; i < earlier.Length; i++)
            earlier[i] = new(reader.ReadUInt64());
        var known = VersionVector.TryParse(reader.ReadString());
        var isShared = reader.ReadBoolean();
        var state = reader.ReadBytes(reader.Read7BitEncodedInt());
        var unsent = UnsentChanges.Read(reader);
        if (known is null || MergeableValue.TryLoad(state, id) is not { } value || value.Type != type)
            throw new FormatException("It has no state of a mergeable value.");
        var replica = new LocalReplica(value, unsent, earlier, known) { IsShared = isShared };
        if (isCopy)
            replica.Settle();
        return replica;
    }

    private void Learn(VersionVector known)
    {
        Known = known;
        _unsent.Forget(known);
        _earlier.RemoveAll(id => known[id] >= Value.Version[id]);
    }

    // What was loaded is older than what the service has: then this id is not used any more, and all that was loaded is a part of what the service has.
    private bool IsOfACopy(VersionVector version)
    {
        if (version[Id] > Own)
            Settle();
        return version[Id] > Own;
    }

    private void Settle()
    {
        if (_isSettled)
            return;
        _earlier.Add(Id);
        Value = MergeableValue.TryLoad(Value.Encode(), ReplicaId.Create())!;
        (_isSettled, _single) = (true, default);
    }

    private void Note(ulong before, byte[] delta) => _single = (before, Own, Value.Epoch, delta);
}
