using KvStore.Storage;

namespace KvStore.Server;

/// <summary>
/// The section <c>KvStore</c> of the configuration: what the service runs on, and a limit on everything that can grow.
/// Immutable; read and validated once, at start (<see cref="KvStoreSettings"/>).
/// </summary>
internal sealed record KvStoreOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "KvStore";

    /// <summary>The name of the engine that keeps files.</summary>
    public const string DiskEngine = "disk";

    /// <summary>The name of the engine that keeps nothing.</summary>
    public const string MemoryEngine = "memory";

    /// <summary>What keeps the entries. Default <c>disk</c>; <c>memory</c> keeps nothing when the process ends. An engine that this version does not have is refused at start.</summary>
    public string Engine { get; init; } = DiskEngine;

    /// <summary>The directory of the disk engine's files, relative to the working directory. Default <c>./data</c>; made if it is absent. The memory engine keeps nothing there and says so at start.</summary>
    public string Data => Log.Directory;

    /// <summary>The limits of the log on disk, and when it flushes. The memory engine has none.</summary>
    public DiskLogOptions Log { get; init; } = new() { Directory = "./data" };

    /// <summary>Bytes of a key, as UTF-8. Default 1,024. A longer key is answered with 400.</summary>
    public int KeyBytesMax { get; init; } = 1024;

    /// <summary>Bytes of a value. Default 1 MiB. A larger value is answered with 413 and nothing is stored. At most 128 MiB: as text in JSON it can be six times as long, and still has to fit into one string there.</summary>
    public int ValueBytesMax { get; init; } = 1 << 20;

    /// <summary>Entries on a page of a listing when the request does not say. Default 100.</summary>
    public int PageEntriesDefault { get; init; } = 100;

    /// <summary>Entries on a page of a listing that a request may ask for. Default 1,000. Asking for more is answered with 400.</summary>
    public int PageEntriesMax { get; init; } = 1000;

    /// <summary>Bytes of a page of a listing. Default 4 MiB. A page that has reached it ends with the entry that reached it; its cursor goes on from there.</summary>
    public int PageBytesMax { get; init; } = 4 << 20;

    /// <summary>After how much silence a watcher is told how far it has come. Default 10 seconds. Shorter than the patience of what is between.</summary>
    public TimeSpan WatchBookmarkInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Bytes of keys and values of the changes that are told as one event of a watch. Default 128 MiB. With more of them the watch ends with <c>gone</c>.</summary>
    public int WatchEventBytesMax { get; init; } = 128 << 20;

    /// <summary>Entries that a request may delete by their prefix. Default 1,000,000. With more of them it is answered with 409 and nothing is deleted.</summary>
    public int DeletedEntriesMax { get; init; } = 1_000_000;

    /// <summary>How long the answer to a write with an Idempotency-Key is remembered. Default 24 hours. After that the same key is a new request.</summary>
    public TimeSpan IdempotencyLifetime { get; init; } = TimeSpan.FromHours(24);

    /// <summary>How long a read may wait for a change of its entry (<c>wait</c>). Default 60 seconds. A longer wait is refused with 400.</summary>
    public TimeSpan WaitMax { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a read waits for the revision that its <c>min_revision</c> asks for. Default 3 seconds. Then it is answered with 503.</summary>
    public TimeSpan MinRevisionTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Bytes of the JSON body of a transaction or a batch of reads. Default 8 MiB, and never more than the queue takes. A larger one is answered with 413 and nothing is done.</summary>
    public int JsonBodyBytesMax { get; init; } = 8 << 20;

    /// <summary>Operations of a transaction. Default 100. More are answered with 400.</summary>
    public int TransactionOperationsMax { get; init; } = 100;

    /// <summary>Guards of a transaction. Default 100. More are answered with 400.</summary>
    public int TransactionGuardsMax { get; init; } = 100;

    /// <summary>Keys of a batch of reads. Default 1,000. More are answered with 400.</summary>
    public int BatchKeysMax { get; init; } = 1000;

    /// <summary>Lines of an import whose errors are told. Default 100. Further ones are only counted.</summary>
    public int ImportErrorsMax { get; init; } = 100;

    /// <summary>How long an import waits for room in the queue. Default 30 seconds. Then it ends with 429, and what came before is stored.</summary>
    public TimeSpan ImportWaitMax { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The store's own limits: the queue, batches, history and kept snapshots.</summary>
    public StoreOptions Store { get; init; } = new();

    /// <summary>How long a stop waits for requests in flight. Default 3 seconds. Then their connections are closed; writes that were admitted are decided all the same.</summary>
    public TimeSpan ShutdownTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>From what duration on a request is logged although it succeeded. Default 500 milliseconds.</summary>
    public TimeSpan SlowRequestTime { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Whether every request is logged. Default false: only failed and slow ones are.</summary>
    public bool AccessLog { get; init; }

    /// <summary>Connections that are open at a time. Default 16,384. One more is closed as soon as it is accepted.</summary>
    public int ConnectionsMax { get; init; } = 16_384;

    /// <summary>Bytes of all headers of a request together. Default 32 KiB. More are answered with 431.</summary>
    public int HeadersBytesMax { get; init; } = 32 << 10;

    /// <summary>How long a request's headers may take to arrive. Default 30 seconds. Slower ones are answered with 408.</summary>
    public TimeSpan HeadersTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a client may send nothing while the service waits for more of a request's body. Default 30 seconds. Then the request is answered with 408.</summary>
    public TimeSpan BodySilenceMax { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a connection may stay without a request. Default 130 seconds. Then it is closed.</summary>
    public TimeSpan IdleConnectionTimeout { get; init; } = TimeSpan.FromSeconds(130);
}
