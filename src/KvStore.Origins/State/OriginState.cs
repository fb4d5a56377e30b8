using System.Text;

namespace KvStore.Origins;

/// <summary>
/// What the store has of one origin: how fresh a key is, what a load commits, and what writes and invalidations put beside it. Keeps nothing itself. Thread-safe.
/// </summary>
/// <remarks>
/// A load that is older than a write, a deletion, a move or an invalidation never wins, because each of these puts the key's sidecar or the origin's epoch in its own commit, and
/// a load commits only if both are as they were when it began. A guard on the key alone would not do: "absent" passes again after a PUT and a DELETE. A record that is
/// gone would pass too, so sidecars outlive every load: no load is stored later than <see cref="TicketAgeMax"/> after it began.
/// </remarks>
/// <param name="options">The settings.</param>
/// <param name="commitWaitMax">The longest that a commit can take from its submission on.</param>
/// <param name="time">The clock.</param>
internal sealed class OriginState(OriginOptions options, TimeSpan commitWaitMax, TimeProvider time)
{
    private const string DefaultContentType = "application/octet-stream";

    // Between clocks of replicas, and for what a busy machine adds to a wait.
    private static readonly TimeSpan Margin = TimeSpan.FromMinutes(1);

    private readonly Invalidations _invalidations = new(options);

    /// <summary>The settings.</summary>
    public OriginOptions Options => options;

    /// <summary>What the origin has yet to get; null unless writes are delivered behind.</summary>
    public OutboxMarks? Outbox { get; } = options.Writes == OriginWrites.Behind ? new OutboxMarks(options, time) : null;

    /// <summary>Which keys are being written to the origin; null unless writes go through.</summary>
    public WriteMarks? Marks { get; } = options.Writes == OriginWrites.Through ? new WriteMarks(options, time) : null;

    /// <summary>What the keys of the origin start with.</summary>
    public ReadOnlyMemory<byte> Prefix { get; } = Encoding.UTF8.GetBytes(options.Prefix);

    /// <summary>After which time a load that has not been stored is dropped. A load cannot take as long.</summary>
    public TimeSpan TicketAgeMax => options.LoadTimeout + (Margin / 2);

    /// <summary>Whether the records that a ticket relies on may have come and gone since.</summary>
    public bool IsTooOld(LoadTicket ticket) => time.GetElapsedTime(ticket.BeganAt) > TicketAgeMax;

    /// <summary>The shortest life of a record about a key: longer than any load of it that began before.</summary>
    public TimeSpan LifetimeMin => TicketAgeMax + commitWaitMax + Margin;

    /// <summary>The key of a key's sidecar.</summary>
    public static Key SidecarOf(Key key) => ReservedKeys.Of(ReservedKind.Origin, key.Utf8);

    /// <summary>Until when what a snapshot has of a key is of use.</summary>
    public DateTimeOffset ExpiryOf(Snapshot snapshot, Key key)
    {
        var known = snapshot.FindReserved(ReservedKind.Origin, key.Utf8)?.ExpiresAt ?? DateTimeOffset.MinValue;
        var written = snapshot.Find(key) is { } entry ? entry.ModifiedAt + options.FreshFor + options.StaleWhileRevalidate + options.StaleIfError : DateTimeOffset.MinValue;
        return known > written ? known : written;
    }

    /// <summary>How many keys the origin has in a snapshot that something is known of.</summary>
    public long CountKnown(Snapshot snapshot) => snapshot.CountOfReserved(ReservedKeys.RangeOf(ReservedKind.Origin, Prefix.Span));

    /// <summary>What a snapshot has of a key, and how fresh it is.</summary>
    public KeyState Evaluate(Snapshot snapshot, Key key)
    {
        var entry = snapshot.Find(key);
        if (IsDirty(snapshot, key))
            return KeyState.Dirty(entry, entry is null ? options.NegativeFor : options.FreshFor);
        if (Marks is not null && WriteMarks.Find(snapshot, key) is { } mark)
            return new KeyState { IsBeingWritten = Marks.LeftOf(mark) > TimeSpan.Zero };
        if (Find(snapshot, key, entry, withETag: false) is not var (sidecar, validatedAt, revision) || sidecar.Kind == SidecarKind.Invalid || (entry is null && sidecar.Kind != SidecarKind.Absent))
            return default;
        if ((entry is not null && sidecar.Kind == SidecarKind.Absent) || _invalidations.RevisionIn(snapshot, key) > revision)
            return default;

        // The clock may have gone back.
        var since = TimeSpan.FromMilliseconds(Math.Max(0, time.GetUtcNow().ToUnixTimeMilliseconds() - validatedAt));
        var freshFor = sidecar.FreshFor - (sidecar.FreshFor * (options.JitterPercent / 100.0 * FractionOf(key, revision)));
        var left = freshFor - since;
        return new KeyState
        {
            Standing = entry is null ? KeyStanding.Absent : KeyStanding.Present,
            Entry = entry,
            Age = sidecar.Age + since,
            FreshLeft = left,
            RevalidateLeft = left + sidecar.StaleWhileRevalidate,
            ErrorLeft = left + sidecar.StaleIfError,
            IsRefreshDue = left > TimeSpan.Zero && options.RefreshAheadPercent < 100 && since >= freshFor * (options.RefreshAheadPercent / 100.0),
        };
    }

    /// <summary>Whether the origin has yet to get the last write of a key. The store is right until then, whatever the origin says.</summary>
    public bool IsDirty(Snapshot snapshot, Key key) => Outbox is not null && OutboxMarks.Find(snapshot, key) is not null;

    /// <summary>Begins a load: what it has to find unchanged in the end. The origin must not be asked before.</summary>
    /// <param name="latest">The latest state.</param>
    /// <param name="key">The key.</param>
    public LoadTicket Begin(Snapshot latest, Key key)
    {
        var (entry, record) = (latest.Find(key), latest.FindReserved(ReservedKind.Origin, key.Utf8));
        var mark = Marks is null ? null : WriteMarks.Find(latest, key);
        var isBeingWritten = mark is { } present && Marks!.LeftOf(present) > TimeSpan.Zero;

        // While it is being written, the origin has to answer with the value.
        var etag = entry is not null && !isBeingWritten && Find(latest, key, entry, withETag: true) is var (sidecar, _, _) && sidecar.Kind == SidecarKind.Loaded ? sidecar.ETag : null;
        return new LoadTicket(key, record?.Revision ?? 0, _invalidations.EpochIn(latest), entry?.Revision ?? 0, etag, time.GetTimestamp())
        {
            MarkRevision = mark?.Revision ?? 0,
            IsBeingWritten = isBeingWritten,
        };
    }

    /// <summary>Commits what a load found.</summary>
    /// <param name="store">The store.</param>
    /// <param name="ticket">What it found when it began.</param>
    /// <param name="result">Found, not modified (only if the ticket has an ETag) or absent.</param>
    public async Task<LoadCommit> CommitAsync(Store store, LoadTicket ticket, LoadResult result)
    {
        if (IsTooOld(ticket))
            return LoadCommit.Raced;
        if (ticket.IsBeingWritten || result is LoadResult.Found { Freshness.ForbidsStoring: true } or LoadResult.Absent { Freshness.ForbidsStoring: true })
            return IsUnchanged(store.Latest, ticket) ? LoadCommit.NotStored : LoadCommit.Raced;
        var (transaction, commit) = Prepare(store.Latest, ticket, result);
        return await store.SubmitAsync(transaction).ConfigureAwait(false) switch
        {
            Outcome.Committed => commit,
            Outcome.GuardsFailed => LoadCommit.Raced,
            _ => IsUnchanged(store.Latest, ticket) ? LoadCommit.NotStored : LoadCommit.Raced,
        };
    }

    /// <summary>The record of a write of a client that is stored here alone.</summary>
    public Operation RecordOfWrite(Key key) => PutSidecar(key, SidecarKind.Written, default, options.FreshFor, null);

    /// <summary>The record of a key of which the origin has what the store has.</summary>
    /// <param name="key">The key.</param>
    /// <param name="isPresent">Whether it has an entry.</param>
    public Operation RecordOfDelivered(Key key, bool isPresent) =>
        isPresent ? PutSidecar(key, SidecarKind.Loaded, default, options.FreshFor, null) : PutSidecar(key, SidecarKind.Absent, default, options.NegativeFor, null);

    /// <summary>The record of a key that has to be loaded.</summary>
    public Operation RecordOfInvalid(Key key) => PutSidecar(key, SidecarKind.Invalid, default, TimeSpan.Zero, null);

    /// <summary>The transaction that gives up what the origin has yet to get of a key, if its record is still the same. The key is loaded again.</summary>
    public Transaction Drop(Entry record) => new(
        [Guard.RevisionIn(record.Key, record.Revision)], [], [new Delete(record.Key), RecordOfInvalid(OutboxMarks.KeyOf(record.Key))]);

    /// <summary>The records that void every load of the origin in progress.</summary>
    public ImmutableArray<Operation> RecordsOfEpoch() => _invalidations.PutEpoch();

    /// <summary>The transaction that invalidates keys, each once.</summary>
    public Transaction Invalidate(IEnumerable<Key> keys) => new([], [], [.. keys.Select(RecordOfInvalid)]);

    /// <summary>The transaction that invalidates every key with a prefix.</summary>
    /// <param name="latest">The latest state.</param>
    /// <param name="prefix">The prefix; it begins with that of the origin.</param>
    public Transaction InvalidatePrefix(Snapshot latest, ReadOnlySpan<byte> prefix) => new([], [], _invalidations.Invalidate(latest, prefix));

    private (Transaction Transaction, LoadCommit Commit) Prepare(Snapshot latest, LoadTicket ticket, LoadResult result)
    {
        switch (result)
        {
            case LoadResult.Found found:
                var contentType = found.ContentType.Length > 0 && found.ContentType.Length <= Entry.ContentTypeLengthMax && StoredFields.IsContentType(Encoding.UTF8.GetBytes(found.ContentType)) ? found.ContentType : DefaultContentType;
                var sidecar = PutSidecar(ticket.Key, SidecarKind.Loaded, found.Freshness, options.FreshFor, found.ETag);
                return latest.Find(ticket.Key) is { } entry && entry.Revision == ticket.EntryRevision && entry.ContentType == contentType && entry.Value.Span.SequenceEqual(found.Value.Span)
                    ? (Load(ticket, null, sidecar), LoadCommit.Touched)
                    : (Load(ticket, new Put(ticket.Key, found.Value, contentType), sidecar), LoadCommit.Stored);
            case LoadResult.NotModified same when ticket.ETag is { } etag:
                return (Load(ticket, null, PutSidecar(ticket.Key, SidecarKind.Loaded, same.Freshness, options.FreshFor, etag)), LoadCommit.Touched);
            case LoadResult.Absent absent:
                return (Load(ticket, new Delete(ticket.Key), PutSidecar(ticket.Key, SidecarKind.Absent, absent.Freshness, options.NegativeFor, null)), LoadCommit.Stored);
            default:
                throw new ArgumentException($"A load with such a ticket cannot have found {result.GetType().Name}.", nameof(result));
        }
    }

    // A mark that is out of force ends with what is loaded after it.
    private Transaction Load(LoadTicket ticket, Operation? operation, Operation sidecar) => new(
        GuardsOfLoad(ticket, keepsEntry: operation is null),
        operation is null ? [] : [operation],
        ticket.MarkRevision == 0 ? [sidecar] : [sidecar, new Delete(WriteMarks.MarkOf(ticket.Key))]);

    /// <summary>The guards of what relies on that nothing of a key and its origin has changed.</summary>
    public ImmutableArray<Guard> GuardsOf(LoadTicket ticket, bool keepsEntry) => ticket.Guards(SidecarOf(ticket.Key), _invalidations.EpochKey, keepsEntry);

    /// <summary>Whether nothing has happened that would keep a load from being stored.</summary>
    public bool IsUnchanged(Snapshot latest, LoadTicket ticket) =>
        GuardsOfLoad(ticket, keepsEntry: false) is var guards && guards.All(guard => guard.Passes(latest.Find(guard.Key)));

    // A load that began when the key was dirty has what the origin had before, and no record of it has changed since. One that began before a write, or during one, is void until its mark is gone.
    private ImmutableArray<Guard> GuardsOfLoad(LoadTicket ticket, bool keepsEntry) => GuardsOf(ticket, keepsEntry) is var guards
        && Outbox is not null ? guards.Add(Guard.Absent(OutboxMarks.MarkOf(ticket.Key)))
        : Marks is not null ? guards.Add(WriteMarks.GuardOf(ticket.Key, ticket.MarkRevision))
        : guards;

    // What the origin says counts within the settings.
    private Put PutSidecar(Key key, SidecarKind kind, OriginFreshness said, TimeSpan freshMax, string? etag)
    {
        var isKnown = kind != SidecarKind.Invalid;
        var fresh = said.FreshFor is { } origins ? Clamp(origins - said.Age, freshMax) : freshMax;
        var revalidate = isKnown && !said.ForbidsStale ? Clamp(said.StaleWhileRevalidate ?? options.StaleWhileRevalidate, options.StaleWhileRevalidate) : TimeSpan.Zero;
        var error = isKnown && !said.ForbidsStale ? Clamp(said.StaleIfError ?? options.StaleIfError, options.StaleIfError) : TimeSpan.Zero;
        var usable = fresh + (revalidate > error ? revalidate : error);
        var sidecar = new Sidecar(kind, Clamp(said.Age, Sidecar.DurationMax), fresh, revalidate, error, etag);
        return new Put(SidecarOf(key), sidecar.ToBytes(), "", time.GetUtcNow() + usable + LifetimeMin);
    }

    // The entry may be older than the origin's settings, or written by a process that had none: then it counts as written by a client.
    private (Sidecar Sidecar, long ValidatedAt, long Revision)? Find(Snapshot snapshot, Key key, Entry? entry, bool withETag)
    {
        var record = snapshot.FindReserved(ReservedKind.Origin, key.Utf8);
        if (entry is { } present && (record is not { } older || older.Revision < present.Revision))
            return (new Sidecar(SidecarKind.Written, default, options.FreshFor, options.StaleWhileRevalidate, options.StaleIfError, null), present.ModifiedAtMilliseconds, present.Revision);
        return record is { } found && Sidecar.TryRead(found.Value.Span, withETag) is { } sidecar ? (sidecar, found.ModifiedAtMilliseconds, found.Revision) : null;
    }

    private static TimeSpan Clamp(TimeSpan duration, TimeSpan max) => duration < TimeSpan.Zero ? TimeSpan.Zero : duration > max ? max : duration;

    // In [0, 1), the same on every replica: FNV-1a, with its bits mixed because keys differ in their last bytes.
    private static double FractionOf(Key key, long revision)
    {
        var hash = 14_695_981_039_346_656_037UL ^ (ulong)revision;
        foreach (var one in key.Utf8)
            hash = (hash ^ one) * 1_099_511_628_211UL;
        hash = (hash ^ (hash >> 32)) * 0xD6E8FEB86659FD93UL;
        return (hash >> 11) * (1.0 / (1UL << 53));
    }
}
