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
        List<Operation>? evictions = null;
        foreach (var operation in transaction.Operations)
        {
            switch (operation)
            {
                case Expire expire:
                    if (FindEvicted(latest, expire) is { } evicted)
                        (evictions ??= []).Add(evicted);
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
                    if (operation.IsWrite && (TryTouch(operation, operation.Key, ref records) ?? TryTouch(operation, operation.OtherKey, ref records)) is { } reason)
                        return reason;
                    break;
            }
        }

        if (records is not null)
            transaction = transaction.With([.. records.Values]);
        if (evictions is not null)
        {
            // Some of them may be due themselves.
            var due = transaction.Operations.Select(operation => operation.Key).ToHashSet();
            transaction = new Transaction(transaction.Guards, [.. transaction.Operations, .. evictions.Where(eviction => !due.Contains(eviction.Key))]);
        }

        return null;
    }

    private RejectionReason? TryTouch(Operation operation, Key key, ref Dictionary<Key, Operation>? records)
    {
        if (key.Length == 0 || origins.Find(key.Utf8) is not { } origin)
            return null;
        if (FindRejection(origin, operation) is { } rejection)
            return rejection;
        var record = origin.RecordOfWrite(key);
        (records ??= [])[record.Key] = record;
        return null;
    }

    private static RejectionReason? FindRejection(OriginState origin, Operation operation) =>
        origin.Options.Writes == OriginWrites.Refuse ? RejectionReason.OriginRefusesWrites
        : SetsExpiry(operation) ? RejectionReason.OriginDecidesExpiry
        : null;

    private static bool SetsExpiry(Operation operation) => operation switch
    {
        Put put => put.ExpiresAt is not null,
        Append append => append.ExpiresAtMilliseconds != Entry.Never,
        Increment increment => increment.Expiry.Replaces,
        MergePatch patch => patch.Expiry.Replaces,
        SetExpiry => true,
        _ => false,
    };

    // The key of an append is its prefix and a number, which the commit chooses.
    private IEnumerable<OriginState> FindTouched(Operation operation) => operation is DeletePrefix
        ? origins.FindOverlapping(operation.Key.Memory)
        : origins.FindOverlapping(operation.Key.Memory).Where(origin =>
            origin.Prefix.Length <= operation.Key.Length || !origin.Prefix.Span[operation.Key.Length..].ContainsAnyExcept(SuffixBytes));

    // An entry without its sidecar would count as new. What cannot be served any more leaves the store, so that a cache does not grow for ever.
    private Expire? FindEvicted(Snapshot latest, Expire expire)
    {
        if (ReservedKeys.KindOf(expire.Key.Utf8) != ReservedKind.Origin)
            return null;
        var rest = ReservedKeys.RestOf(ReservedKind.Origin, expire.Key.Utf8);
        return origins.Find(rest) is not null && latest.Find(Key.FromStored(rest)) is { } entry && entry.Revision <= expire.Revision ? new Expire(entry.Key, entry.Revision) : null;
    }
}
