using Google.Protobuf;

namespace KvStore.Etcd;

/// <summary>Records of the log as bytes. Thread-safe.</summary>
/// <remarks>
/// Evaluating what was decoded is the same as evaluating what was encoded: a record has everything that a transaction is decided by, also a merge
/// patch's prepared result. What is not decided by, such as the order of a client's transactions in the queue, is not in it.
/// </remarks>
internal static class RecordCodec
{
    /// <summary>The most bytes that a record has besides its transactions.</summary>
    public const int HeaderBytesMax = 32;

    // Of a guard, an operation, an idempotency key and a transaction: tags, lengths and numbers, at their longest.
    private const int PartBytesMax = 64;

    private static readonly MessageParser<Records.Record> RecordParser = Records.Record.Parser.WithDiscardUnknownFields(true);

    /// <summary>Encodes a record. The transactions must not be prepared meanwhile.</summary>
    /// <param name="transactions">The transactions, in the order in which they are to be evaluated.</param>
    /// <param name="now">The time of the record, in milliseconds since 1970-01-01 UTC.</param>
    /// <param name="limits">What is refused. Its time is not read.</param>
    public static byte[] Encode(IReadOnlyList<Transaction> transactions, long now, in DecisionLimits limits)
    {
        var record = new Records.Record
        {
            Format = RecordFormat.Of(transactions),
            Now = now,
            Growth = limits.GrowthRefusal switch
            {
                GrowthRefusal.None => Records.Record.Types.Growth.Admitted,
                GrowthRefusal.NoSpace => Records.Record.Types.Growth.RefusedNoSpace,
                GrowthRefusal.MemoryFull => Records.Record.Types.Growth.RefusedMemoryFull,
                _ => throw new ArgumentException($"Unknown refusal {limits.GrowthRefusal}.", nameof(limits)),
            },
            RefusesRecords = limits.RefusesRecords,
        };
        for (var i = 0; i < transactions.Count; i++)
            record.Transactions.Add(TransactionEncoder.Encode(transactions[i]));
        return record.ToByteArray();
    }

    /// <summary>Decodes a record. Copies what it keeps of it.</summary>
    /// <exception cref="RecordFormatException">It is not a record, or one of a version that this one does not know.</exception>
    public static DecodedRecord Decode(ReadOnlyMemory<byte> bytes)
    {
        var record = Wire.Parse(RecordParser, bytes.Span);
        if (record.Format is < RecordFormat.Current or > RecordFormat.WithMergeable)
            throw new RecordFormatException($"The record has format {record.Format}, and this version knows {RecordFormat.Current} to {RecordFormat.WithMergeable}. Every replica must have a version that knows it.");
        Wire.CheckWhole(record, bytes.Length);
        var growth = record.Growth switch
        {
            Records.Record.Types.Growth.Admitted => GrowthRefusal.None,
            Records.Record.Types.Growth.RefusedNoSpace => GrowthRefusal.NoSpace,
            Records.Record.Types.Growth.RefusedMemoryFull => GrowthRefusal.MemoryFull,
            _ => throw new RecordFormatException($"The record refuses growth for an unknown reason, {record.Growth}."),
        };
        Wire.Check(StoredFields.IsTime(record.Now), "its time is out of range");
        var transactions = new Transaction[record.Transactions.Count];
        for (var i = 0; i < transactions.Length; i++)
            transactions[i] = TransactionDecoder.Decode(record.Transactions[i], record.Now);
        Wire.Check(record.Format == RecordFormat.Of(transactions), "its transactions are those of another format");
        return new DecodedRecord(
            transactions, record.Now, new DecisionLimits { Now = record.Now, GrowthRefusal = growth, RefusesRecords = record.RefusesRecords, IgnoresMemory = true });
    }

    /// <summary>The most bytes that a transaction takes in a record, estimated from lengths alone.</summary>
    public static long SizeOf(Transaction transaction)
    {
        var parts = 1L + transaction.Guards.Length + transaction.Operations.Length + transaction.Records.Length;
        var bytes = transaction.Bytes;
        if (transaction.Idempotency is { } idempotency)
            (parts, bytes) = (parts + 1, bytes + idempotency.RecordKey.Length + idempotency.Fingerprint.Length);
        if (transaction.HasPatch)
        {
            foreach (var operation in transaction.Operations)
            {
                if (operation is MergePatch { Prepared: { } prepared })
                    (parts, bytes) = (parts + 1, bytes + (prepared.Draft is { } draft ? draft.Value.Length + draft.ContentType.Length : 0));
            }
        }

        return bytes + (PartBytesMax * parts);
    }
}
