namespace KvStore;

/// <summary>The accounts of a store and of the service around it: everything that can grow is charged to one of them. Thread-safe.</summary>
/// <param name="options">The bounds.</param>
public sealed class MemoryBudget(StoreOptions options)
{
    /// <summary>The bound of all accounts together.</summary>
    public long BytesMax => options.MemoryBytesMax;

    /// <summary>The latest entries, with their share of the index and of the expiry schedule.</summary>
    public MemoryAccount Entries { get; } = new("entries", options.EntriesBytesMax);

    /// <summary>Recent commits, with the entries that they replaced.</summary>
    public MemoryAccount History { get; } = new("history", options.HistoryBytesMax);

    /// <summary>Old snapshots, by what only they keep alive.</summary>
    public MemoryAccount Snapshots { get; } = new("snapshots", options.SnapshotsBytesMax);

    /// <summary>Transactions that have no outcome yet.</summary>
    public MemoryAccount Queue { get; } = new("queue", options.QueueBytesMax);

    /// <summary>Bodies of requests that are being read.</summary>
    public MemoryAccount Bodies { get; } = new("bodies", options.BodiesBytesMax);

    /// <summary>Answers that the client has not taken yet.</summary>
    public MemoryAccount Answers { get; } = new("answers", options.AnswersBytesMax);

    /// <summary>Events of watches that the clients have not taken yet.</summary>
    public MemoryAccount Watches { get; } = new("watches", options.WatchesBytesMax);

    /// <summary>Idempotency records.</summary>
    public MemoryAccount Idempotency { get; } = new("idempotency", options.IdempotencyBytesMax);

    /// <summary>Imports and exports.</summary>
    public MemoryAccount Transfers { get; } = new("transfers", options.TransfersBytesMax);

    /// <summary>Connections and their buffers.</summary>
    public MemoryAccount Connections { get; } = new("connections", options.ConnectionsBytesMax);

    /// <summary>Mergeable values that are kept decoded.</summary>
    public MemoryAccount Crdt { get; } = new("crdt", options.CrdtBytesMax);

    /// <summary>Every account, in the order in which they are reported.</summary>
    public IReadOnlyList<MemoryAccount> All =>
        field ??= [Entries, History, Snapshots, Queue, Bodies, Answers, Watches, Idempotency, Transfers, Connections, Crdt];
}
