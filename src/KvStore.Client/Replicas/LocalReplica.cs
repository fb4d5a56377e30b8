using KvStore.Crdt;

namespace KvStore.Client;

/// <summary>
/// A replica of a mergeable value with what is known of the service: which changes it has, and which were sent. Not thread-safe.
/// </summary>
/// <remarks>
/// A replica id has one history. It would have two if a copy of what was saved were used as well, or if an older copy were restored. So what is sent is saved before, with how much was
/// sent: if the service has more changes under this id than this replica has ever sent, another copy has sent them, and this one takes a new id.
/// </remarks>
internal sealed class LocalReplica
{
    private readonly UnsentChanges _unsent;

    // Whether the service was seen since this was loaded, so that it is known to be no older copy.
    private bool _isSettled;
    private bool _isConnecting;

    // The last change as a delta, if there was only this one since the service had everything. A delta since a version of a set grows with the set.
    private (ulong From, ulong To, ulong Epoch, byte[] Bytes) _single;

    private LocalReplica(CrdtReplica value, UnsentChanges unsent, VersionVector known)
    {
        Value = value;
        _unsent = unsent;
        Known = known;
    }

    public CrdtReplica Value { get; }

    /// <summary>What the service is known to have.</summary>
    public VersionVector Known { get; private set; }

    /// <summary>How many changes of this replica may have been sent, by it or by a copy of what it saved.</summary>
    public ulong Sent { get; private set; }

    /// <summary>Whether the value is known to be the service's, and not only one that was made here.</summary>
    public bool IsShared { get; private set; }

    public ReplicaId Id => Value.Self;

    public ulong Own => Value.Version[Id];

    public long MemoryBytes => Value.MemoryBytes + _unsent.MemoryBytes;

    /// <summary>Whether there are changes that the service is not known to have.</summary>
    public bool HasUnsent => !Known.Covers(Value.Version);

    /// <summary>A replica of a value that is made here.</summary>
    public static LocalReplica Create(CrdtType type) =>
        new(MergeableValue.Create(type, ReplicaId.Create()), new UnsentChanges(), VersionVector.Empty) { _isSettled = true };

    /// <summary>A replica of the value of the service; null if the state is none.</summary>
    public static LocalReplica? TryLoad(KvMergeableDelta state) =>
        MergeableValue.TryLoad((state.Bytes ?? default).Span, ReplicaId.Create()) is { } value ? new(value, new UnsentChanges(), state.Version) { IsShared = true, _isSettled = true } : null;

    public IntentOutcome Increment(long amount)
    {
        if (Value is not CounterReplica counter)
            return IntentOutcome.Unsupported;
        var before = Own;
        var outcome = counter.Increment(amount, out var delta);
        if (outcome == IntentOutcome.Applied)
        {
            Note(before, delta);
            _unsent.Add(Own, amount, Sent);
        }

        return outcome;
    }

    public IntentOutcome Change(IReadOnlyCollection<string> add, IReadOnlyCollection<string> remove, VersionVector? context)
    {
        if (Value is not SetReplica set)
            return IntentOutcome.Unsupported;
        var before = set.Version;
        var outcome = set.Change(add, remove, context, out var delta);
        if (outcome != IntentOutcome.Applied)
            return outcome;
        Note(before[Id], delta);
        foreach (var element in remove)
            _unsent.Set(element, new ElementChange(Own, context ?? before));
        foreach (var element in add)
            _unsent.Set(element, new ElementChange(Own, null));
        return outcome;
    }

    public IntentOutcome Edit(IReadOnlyList<TextEdit> edits, VersionVector? baseVersion)
    {
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
        var outcome = Value.Merge(delta);
        if (outcome is not (MergeOutcome.Merged or MergeOutcome.Unchanged) || MergeableValue.TryReadVersion(delta) is not { } brought)
            return outcome;
        if (brought[Id] > Sent)
            return MergeOutcome.Forked;

        // The service has what it sends, also what it got from this replica in a request whose answer did not arrive. Without that, a delta could lack what others did to it.
        Known = Known.Join(brought);
        _unsent.Forget(brought[Id]);
        return outcome;
    }

    /// <summary>What the service has is noted anew, because it may be less than before, as after a backup was restored.</summary>
    public void BeginConnection() => _isConnecting = true;

    /// <summary>Notes what the service has.</summary>
    /// <returns>False if it has changes of this id that are not this replica's.</returns>
    public bool TryAcknowledge(VersionVector version)
    {
        if (version[Id] > Sent)
            return false;
        Known = _isConnecting ? version : Known.Join(version);
        _isConnecting = false;
        _isSettled = true;
        _unsent.Forget(version[Id]);
        return true;
    }

    /// <summary>What the service lacks. It may be sent once this replica is saved.</summary>
    public byte[] TakeUnsent()
    {
        Sent = Math.Max(Sent, Own);
        var lacking = Value.Version.Beyond(Known);
        var isSingle = lacking.Count == 1 && (_single.From, _single.To) == (Known[Id], lacking[Id]) && _single.Epoch == Value.Epoch && _single.Epoch == Known.Epoch;
        return isSingle ? _single.Bytes : Value.DeltaSince(Known) ?? Value.Encode();
    }

    /// <summary>
    /// This replica under a new id: the state of the service, and on top of it what it is not known to have of this one. Of what was sent without an answer, the state says whether it arrived, unless it is so
    /// old that the service has forgotten this id; then it is repeated.
    /// </summary>
    /// <param name="state">The state.</param>
    /// <param name="repeats">Whether what the service is not known to have is repeated.</param>
    /// <param name="isForked">Whether what it has of this id beyond what is known is of a copy.</param>
    /// <returns>Null if the bytes are no state, or one of another type.</returns>
    /// <exception cref="OverflowException">A change cannot be repeated, because a number would leave 64 bits.</exception>
    public LocalReplica? TryRestart(KvMergeableDelta state, bool repeats, bool isForked)
    {
        if (TryLoad(state) is not { } fresh || fresh.Value.Type != Value.Type)
            return null;
        if (!repeats)
            return fresh;
        var has = isForked || fresh.Value.Lineage != Value.Lineage ? 0 : fresh.Value.ChangesOf(Id);

        // If it has more than was sent, it has them from a copy, with which this replica shares no more than what was sent.
        var after = Math.Max(Known[Id], Math.Min(has, Sent));
        _unsent.RepeatOn(after, fresh);
        if (fresh.Value is TextReplica text)
            text.Repeat((TextReplica)Value, after);
        return fresh;
    }

    public void Write(BinaryWriter writer)
    {
        writer.Write((byte)Value.Type);
        writer.Write(Id.Value);
        writer.Write(Known.ToString());
        writer.Write(Sent);
        writer.Write(IsShared);
        writer.Write(_isSettled);
        var state = Value.Encode();
        writer.Write7BitEncodedInt(state.Length);
        writer.Write(state);
        _unsent.Write(writer);
    }

    /// <summary>Reads what was written.</summary>
    /// <param name="reader">The bytes.</param>
    /// <param name="isCopy">Whether they may be used elsewhere too: then this replica takes a new id, and what it did under the old one is sent as it is.</param>
    /// <exception cref="FormatException">The bytes are no replica.</exception>
    public static LocalReplica Read(BinaryReader reader, bool isCopy)
    {
        var type = (CrdtType)reader.ReadByte();
        var id = new ReplicaId(reader.ReadUInt64());
        var known = VersionVector.TryParse(reader.ReadString());
        var sent = reader.ReadUInt64();
        var (isShared, isSettled) = (reader.ReadBoolean(), reader.ReadBoolean());
        var state = reader.ReadBytes(reader.Read7BitEncodedInt());
        var unsent = UnsentChanges.Read(reader);
        if (known is null || MergeableValue.TryLoad(state, isCopy ? ReplicaId.Create() : id) is not { } value || value.Type != type)
            throw new FormatException("It has no state of a mergeable value.");

        // Until the service is seen, what was loaded may be an older copy: all of it may have been sent since. What is done from now on has not.
        return new LocalReplica(value, isCopy ? new UnsentChanges() : unsent, known)
        {
            IsShared = isShared,
            Sent = isCopy ? 0 : isSettled ? value.Version[id] : sent,
        };
    }

    private void Note(ulong before, byte[] delta) => _single = (before, Own, Value.Epoch, delta);
}
