namespace KvStore.Etcd;

/// <summary>The version of what records mean. Every replica must come to the same state, so one that does not know a version stops instead of guessing.</summary>
/// <remarks>
/// What a transaction does to a state is more than its code: the sizes beyond which a merge patch must be prepared, the suffix of an appended key, the
/// bytes of an idempotency record, and the characters that the runtime's JSON writer escapes.
/// </remarks>
internal static class RecordFormat
{
    /// <summary>The version of the store, of checkpoints, and of records. A change of what a transaction does to a state is a new version too.</summary>
    public const uint Current = 1;

    /// <summary>The version of records with transactions about origins. Without origins none is written, so that replicas can be upgraded one by one.</summary>
    public const uint WithOrigins = 2;

    /// <summary>The version of records with transactions that write mergeable values, whatever else they do.</summary>
    public const uint WithMergeable = 3;

    /// <summary>The version of a record of these transactions.</summary>
    public static uint Of(IReadOnlyList<Transaction> transactions)
    {
        var format = Current;
        for (var i = 0; i < transactions.Count && format < WithMergeable; i++)
            format = Math.Max(format, Of(transactions[i]));
        return format;
    }

    private static uint Of(Transaction transaction)
    {
        var format = transaction.Records.IsEmpty ? Current : WithOrigins;
        foreach (var operation in transaction.Operations)
        {
            if (operation is Extend or Put { IsRewrite: true })
                return WithMergeable;
            if (operation is Expire && ReservedKeys.KindOf(operation.Key.Utf8) is not (ReservedKind.None or ReservedKind.Idempotency))
                format = WithOrigins;
        }

        return format;
    }
}
