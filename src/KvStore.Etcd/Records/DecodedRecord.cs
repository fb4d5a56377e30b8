namespace KvStore.Etcd;

/// <summary>A record of the log.</summary>
/// <param name="Transactions">
/// In the order in which they are evaluated; none in a record that changes nothing. They belong to one store, which evaluates them once: the entries that
/// it stores are stamped in the memory of these transactions. Another store decodes the record for itself.
/// </param>
/// <param name="Now">The time of the record, in milliseconds since 1970-01-01 UTC.</param>
/// <param name="Limits">What the transactions are decided by: that time, and what the writer refused. This replica's clock and memory have no say.</param>
internal readonly record struct DecodedRecord(IReadOnlyList<Transaction> Transactions, long Now, DecisionLimits Limits);
