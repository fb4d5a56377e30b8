namespace KvStore.Mergeable;

/// <summary>
/// A value as a replica of the store, at the entry that it was decoded from or committed as. While its worker has it, the replica may be ahead of the entry, and
/// only the worker uses it; otherwise a reader may, under its lock.
/// </summary>
internal sealed class DecodedValue
{
    private const long ObjectBytes = 500;

    // A delta that did not merge may have followed others that did.
    private bool _isBroken;

    private DecodedValue(Key key, CrdtReplica replica, ulong creation, ulong hub, Membership membership)
    {
        (Key, Replica, Creation, Hub, Membership) = (key, replica, creation, hub, membership);
    }

    public Key Key { get; }

    public CrdtReplica Replica { get; }

    public ulong Creation { get; }

    public ulong Hub { get; set; }

    public Membership Membership { get; }

    /// <summary>The entry that the replica is at; null for a value that is not committed yet.</summary>
    public Entry? Entry { get; private set; }

    /// <summary>The bytes of the head.</summary>
    public int HeadBytes { get; private set; }

    /// <summary>The bytes of the deltas after the head.</summary>
    public int DeltaBytes { get; private set; }

    /// <summary>Whether the whole value has to be written with the next change, because its stored form is of an id that was dropped.</summary>
    public bool MustRewrite { get; private init; }

    /// <summary>From when on garbage is looked for.</summary>
    public DateTimeOffset CollectFrom { get; set; }

    // Guarded by the lock of the value itself.
    public Lock Lock { get; } = new();

    public bool IsTaken { get; set; }

    // Guarded by the cache.
    public long ChargedBytes { get; set; }

    public DateTimeOffset UsedAt { get; set; }

    public LinkedListNode<DecodedValue>? Node { get; set; }

    public long MemoryBytes => ObjectBytes + Replica.MemoryBytes + Membership.MemoryBytes + HeadBytes + DeltaBytes;

    /// <summary>A value that is not in the store yet.</summary>
    public static DecodedValue Create(Key key, CrdtReplica replica, ulong creation, ulong hub) =>
        new(key, replica, creation, hub, new Membership(new StoredValue(creation, hub, [], [], default, 0)));

    /// <summary>Decodes an entry.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="entry">The entry.</param>
    /// <param name="store">The store.</param>
    /// <param name="revision">The revision of the state that the entry is of.</param>
    /// <param name="isRenewed">Whether to take another id than the one that the stored form says.</param>
    /// <exception cref="InvalidDataException">The entry does not have the form of a mergeable value.</exception>
    public static DecodedValue Decode(Key key, Entry entry, StoreId store, long revision, bool isRenewed = false)
    {
        var deltas = EntryDeltas.All(entry, out var stored);
        var creation = isRenewed ? StoredValue.NewCreation() : stored.Creation;
        var replica = TryLoad(stored, deltas, ServerReplica.IdOf(store, revision, creation), out var head);
        if (replica is null && !isRenewed)
        {
            // A hub elsewhere may have retired this store's id.
            isRenewed = true;
            creation = StoredValue.NewCreation();
            replica = TryLoad(stored, deltas, ServerReplica.IdOf(store, revision, creation), out head);
        }

        if (replica is null)
            throw EntryDeltas.Malformed(entry);
        replica.IsHub = stored.Hub == store.Value;
        var membership = new Membership(stored);
        var day = DayOf(entry.ModifiedAt);
        membership.NoteStored(head, day);
        membership.Note(replica.Version, day);
        var value = new DecodedValue(key, replica, creation, stored.Hub, membership) { MustRewrite = isRenewed };
        value.MoveTo(entry, stored);
        return value;
    }

    /// <summary>The same value as another replica, which is ahead of the entry.</summary>
    public DecodedValue With(CrdtReplica replica, ulong creation) =>
        new(Key, replica, creation, Hub, Membership) { Entry = Entry, HeadBytes = HeadBytes, DeltaBytes = DeltaBytes };

    /// <summary>Whether bytes can be decoded.</summary>
    public static bool IsValid(ReadOnlyMemory<byte> bytes) =>
        StoredValue.TryRead(bytes) is { } stored && StoredValue.TryReadDeltas(bytes[stored.DeltasAt..]) is { } deltas && TryLoad(stored, deltas, ReplicaId.Create(), out _) is not null;

    /// <summary>The day of a time, since 1970.</summary>
    public static long DayOf(DateTimeOffset time) => Math.Max(0, time.ToUnixTimeSeconds() / 86_400);

    /// <summary>Whether the value is at an entry now. One that continues its entry is merged. If not, it is of no more use, except for earlier entries.</summary>
    public bool TryFollow(Entry entry)
    {
        if (_isBroken || Entry is not { } before || entry.CreatedRevision != before.CreatedRevision || entry.Revision < before.Revision)
            return false;
        if (entry == before)
            return true;
        if (EntryDeltas.TryGetSuffix(before, entry) is not { } suffix || StoredValue.TryReadDeltas(suffix) is not { } deltas)
            return false;
        _isBroken = deltas.Exists(delta => Replica.MergeStored(delta.Span) is not (MergeOutcome.Merged or MergeOutcome.Unchanged));
        if (!_isBroken)
            Extended(entry);
        return !_isBroken;
    }

    /// <summary>The value was committed as an entry that continues the one it was at, or has the same bytes.</summary>
    public void Extended(Entry entry)
    {
        DeltaBytes += entry.Value.Length - Entry!.Value.Value.Length;
        Entry = entry;
    }

    /// <summary>The value was committed as an entry of its own.</summary>
    public void Rewritten(Entry entry) => MoveTo(entry, StoredValue.TryRead(entry.Value) ?? throw EntryDeltas.Malformed(entry));

    private void MoveTo(Entry entry, StoredValue stored)
    {
        Entry = entry;
        HeadBytes = stored.Head.Length;
        DeltaBytes = entry.Value.Length - stored.DeltasAt;
    }

    private static CrdtReplica? TryLoad(StoredValue stored, List<ReadOnlyMemory<byte>> deltas, ReplicaId self, out VersionVector head)
    {
        head = VersionVector.Empty;

        if (MergeableValue.TryLoad(stored.Head.Span, self) is not { } replica)
            return null;
        head = replica.Version;
        return deltas.TrueForAll(delta => replica.MergeStored(delta.Span) is MergeOutcome.Merged or MergeOutcome.Unchanged) ? replica : null;
    }
}
