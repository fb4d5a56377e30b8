namespace KvStore;

/// <summary>
/// Makes a transaction safe to submit again: a record of what it did is stored in the same commit, under a key that the client
/// chose, and a later transaction with that key is answered from the record instead of being committed.
/// </summary>
/// <param name="key">The client's key; 1 to 128 bytes.</param>
/// <param name="fingerprint">What tells this request from others, at most 255 bytes.</param>
/// <param name="lifetime">How long the record is kept.</param>
/// <param name="recordBytesMax">The most bytes of a record; a transaction that would need more is rejected (<see cref="RejectionReason.RecordTooLarge"/>).</param>
public sealed class Idempotency(ReadOnlySpan<byte> key, ReadOnlyMemory<byte> fingerprint, TimeSpan lifetime, int recordBytesMax)
{
    /// <summary>The longest key.</summary>
    internal const int KeyBytesMax = ReservedKeys.IdempotencyBytesMax;

    /// <summary>The longest fingerprint: a record has its length as one byte.</summary>
    internal const int FingerprintBytesMax = byte.MaxValue;

    /// <summary>The most bytes that the record of a transaction takes.</summary>
    /// <param name="operations">The number of operations.</param>
    /// <param name="readBytes">The bytes of entries that are read.</param>
    internal long RecordBytes(int operations, long readBytes) =>
        RecordKey.Length + fingerprint.Length + Math.Min(recordBytesMax, IdempotencyRecord.BytesMax(operations, readBytes));

    /// <summary>The client's key.</summary>
    internal ReadOnlySpan<byte> Key => ReservedKeys.RestOf(ReservedKind.Idempotency, RecordKey.Utf8);

    /// <summary>What tells this request from others.</summary>
    internal ReadOnlyMemory<byte> Fingerprint => fingerprint;

    /// <summary>How long the record is kept.</summary>
    internal long LifetimeMilliseconds { get; } = (long)lifetime.TotalMilliseconds;

    /// <summary>The most bytes of a record.</summary>
    internal int RecordBytesMax => recordBytesMax;

    /// <summary>The key of this record.</summary>
    internal Key RecordKey { get; } = ReservedKeys.Of(ReservedKind.Idempotency, key);

    /// <summary>Whether an entry is an idempotency record.</summary>
    internal static bool IsRecord(Entry entry) => ReservedKeys.IsIdempotency(entry.KeyUtf8);

    /// <summary>Whether a stored value can be that of a record: one that <see cref="Replay"/> can answer from, or one of version 0.1.0.</summary>
    internal static bool IsRecordValue(ReadOnlySpan<byte> value) =>
        value.Length > 1 && value.Length > 1 + value[0] && value[(1 + value[0])..] is var facts &&
        (!IdempotencyRecord.IsReadable(facts) || IdempotencyRecord.IsWellFormed(facts));

    /// <summary>The outcome of a transaction whose record is there already.</summary>
    internal Outcome Replay(long revision, Entry record)
    {
        var length = record.Value.Span[0];
        var facts = record.Value[(1 + length)..];
        return record.Value.Span[1..(1 + length)].SequenceEqual(fingerprint.Span) && IdempotencyRecord.IsReadable(facts.Span)
            ? new Outcome.Replayed(revision, facts)
            : new Outcome.IdempotencyKeyReused(revision);
    }

    /// <summary>The change that stores the record of a transaction; null when it would be too large.</summary>
    internal EntryChange? TryRecord(Outcome.Committed committed, in EvaluationContext context)
    {
        var bytes = IdempotencyRecord.BytesOf(committed);
        if (bytes > recordBytesMax)
            return null;
        var expiresAt = context.Now + LifetimeMilliseconds;
        var draft = new EntryDraft(RecordKey, 1 + fingerprint.Length + (int)bytes, "", expiresAt);
        draft.Value.Span[0] = (byte)fingerprint.Length;
        fingerprint.CopyTo(draft.Value[1..]);
        IdempotencyRecord.Write(committed, draft.Value[(1 + fingerprint.Length)..]);
        return context.Replace(null, draft);
    }
}
