namespace KvStore;

/// <summary>What a log may have under a key of the store's own.</summary>
internal static class ReservedRecords
{
    /// <summary>Why a value is not that of a record under this key, as the end of a sentence; null if it can be, or if the key is not reserved.</summary>
    /// <remarks>What a record about an origin says is checked where it is used: one that cannot be understood says nothing, and its key is loaded again.</remarks>
    public static string? FindProblem(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) => ReservedKeys.KindOf(key) switch
    {
        ReservedKind.None => null,
        ReservedKind.Idempotency => Idempotency.IsRecordValue(value) ? null : "under the key of an idempotency record, and its value is none",
        _ => value.Length <= ReservedKeys.ValueBytesMax ? null : "under a key of the store's own, and its value is too large",
    };
}
