namespace KvStore.Origins;

/// <summary>
/// Has every write below the prefix of an origin put the records that void the loads in progress, or rejects it; and has the sweeper delete the entry of a sidecar that
/// expires. Thread-safe.
/// </summary>
/// <param name="origins">The origins.</param>
internal sealed class OriginInterceptor(OriginTable origins) : ITransactionInterceptor
{
    private static readonly byte[] SuffixBytes = [.. "0123456789-"u8];

    /// <inheritdoc/>
    public RejectionReason? TryReject(Snapshot latest, ref Transaction transaction)
    {
        Dictionary<Key, Operation>? records = null;
        List<Entry>? evicted = null;
        var dirtied = 0;
        foreach (var operation in transaction.Operations)
        {
            switch (operation)
            {
                case Expire expire:
                    if (FindEvicted(latest, expire) is { } entry)
                        (evicted ??= []).Add(entry);
                    break;
                case DeletePrefix or Append:
                    foreach (var origin in FindTouched(operation))
                    {
                        if (FindRejection(origin, operation) is { } rejection)
                            return rejection;
                        foreach (var record in origin.RecordsOfEpoch())
                            (records ??= [])[record.Key] = record;
                    }

                    break;
                default:
                    if (operation.IsWrite && (TryTouch(latest, operation, operation.Key, ref dirtied, ref records) ?? TryTouch(latest, operation, operation.OtherKey, ref dirtied, ref records)) is { } reason)
                        return reason;
                    break;
            }
        }

        if (records is not null)
            transaction = transaction.With([.. records.Values]);
        if (evicted is not null)
            transaction = Evict(transaction, evicted);
        return null;
    }

    private RejectionReason? TryTouch(Snapshot latest, Operation operation, Key key, ref int dirtied, ref Dictionary<Key, Operation>? records)
    {
        if (key.Length == 0 || origins.Find(key.Utf8) is not { } origin)
            return null;
        if (FindRejection(origin, operation) is { } rejection)
            return rejection;
        if (origin.Outbox is { } outbox)
        {
            if (KeepsExpiry(latest, operation))
                return RejectionReason.OriginDecidesExpiry;
            if (outbox.TryPut(latest, key, ref dirtied) is not { } mark)
                return RejectionReason.OriginOutboxFull;
            (records ??= [])[mark.Key] = mark;
        }

        var record = origin.RecordOfWrite(key);
        (records ??= [])[record.Key] = record;
        return null;
    }

    private static RejectionReason? FindRejection(OriginState origin, Operation operation) =>
        origin.Options.Writes == OriginWrites.Refuse ? RejectionReason.OriginRefusesWrites
        : SetsExpiry(operation) ? RejectionReason.OriginDecidesExpiry
        : origin.Outbox is not null && operation is DeletePrefix or Append ? RejectionReason.OriginNeedsKeys
        : origin.Marks is not null ? RejectionReason.OriginTakesSingleWrites
        : null;

    /// <summary>Whether an operation changes the expiry of an entry.</summary>
    public static bool SetsExpiry(Operation operation) => operation switch
    {
        Put put => put.ExpiresAt is not null,
        Append append => append.ExpiresAtMilliseconds != Entry.Never,
        Increment increment => increment.Expiry.Replaces,
        MergePatch patch => patch.Expiry.Replaces,
        Extend extend => extend.Expiry.Replaces,
        SetExpiry => true,
        _ => false,
    };

    // An entry that is older than the origin's settings may have one, or be moved here with it. It would leave the store before the origin has it.
    private static bool KeepsExpiry(Snapshot latest, Operation operation) =>
        operation is Increment or MergePatch or Move && latest.Find(operation.Key) is { ExpiresAt: not null };

    // The key of an append is its prefix and a number, which the commit chooses.
    private IEnumerable<OriginState> FindTouched(Operation operation) => operation is DeletePrefix
        ? origins.FindOverlapping(operation.Key.Memory)
        : origins.FindOverlapping(operation.Key.Memory).Where(origin =>
            origin.Prefix.Length <= operation.Key.Length || !origin.Prefix.Span[operation.Key.Length..].ContainsAnyExcept(SuffixBytes));

    // An entry without its sidecar would count as new. What cannot be served any more leaves the store, so that a cache does not grow for ever. What the origin has
    // yet to get stays.
    private Entry? FindEvicted(Snapshot latest, Expire expire)
    {
        if (ReservedKeys.KindOf(expire.Key.Utf8) != ReservedKind.Origin)
            return null;
        var key = Key.FromStored(ReservedKeys.RestOf(ReservedKind.Origin, expire.Key.Utf8));
        return origins.Find(key.Utf8) is { } origin && !origin.IsDirty(latest, key) && latest.Find(key) is { } entry && entry.Revision <= expire.Revision ? entry : null;
    }

    // A write that changes nothing makes its key dirty and leaves the entry's revision as it is, hence the guards. If one fails, the next sweep finds the others again.
    private Transaction Evict(Transaction transaction, List<Entry> evicted)
    {
        // Some of them may be due themselves.
        var due = transaction.Operations.Select(operation => operation.Key).ToHashSet();
        return new Transaction(
            [.. transaction.Guards, .. evicted.Where(entry => origins.Find(entry.KeyUtf8) is { Outbox: not null }).Select(entry => Guard.Absent(OutboxMarks.MarkOf(entry.Key)))],
            [.. transaction.Operations, .. evicted.Where(entry => !due.Contains(entry.Key)).Select(entry => new Expire(entry.Key, entry.Revision))]);
    }
}
