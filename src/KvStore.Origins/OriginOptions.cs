namespace KvStore.Origins;

/// <summary>The settings of one origin. Immutable, and read once, at start. All replicas of a store must have the same.</summary>
public sealed record OriginOptions
{
    /// <summary>The name: letters, digits, <c>-</c>, <c>_</c> and <c>.</c>, at most 64. It names the origin's records in the store, so another name is another origin.</summary>
    public required string Name { get; init; }

    /// <summary>What the keys start with that come from the origin. No two origins have prefixes of which one starts with the other.</summary>
    public required string Prefix { get; init; }

    /// <summary>The origin as an HTTP service; null if it is none.</summary>
    public OriginHttpOptions? Http { get; init; }

    /// <summary>The origin as a database; null if it is none. It is one of the two, or none if clients load its keys.</summary>
    public OriginSqlOptions? Sql { get; init; }

    /// <summary>Whether the store can load from it. If not, clients do (cache-aside): then its writes are <see cref="OriginWrites.Local"/>.</summary>
    public bool HasSource => Http is not null || Sql is not null;

    /// <summary>How many workers call the origin at a time.</summary>
    public OriginWorkerOptions Workers { get; init; } = new();

    /// <summary>How many calls the origin gets.</summary>
    public OriginTokenOptions Tokens { get; init; } = new();

    /// <summary>How often a call is made again, and when none is made.</summary>
    public OriginCallOptions Calls { get; init; } = new();

    /// <summary>How long a load may take, with its retries. Then it has failed. Default 10 seconds.</summary>
    public TimeSpan LoadTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Requests that wait for loads at a time. One more is answered stale, or 429. Default 10,000.</summary>
    public int WaitersMax { get; init; } = 10_000;

    /// <summary>How long a loaded entry is fresh if the origin does not say, and the longest that it may say. Default 5 minutes.</summary>
    public TimeSpan FreshFor { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The part of an entry's fresh time, in percent, after which a read of it has it loaded again before it becomes stale; 100 for never. Default 80.</summary>
    public int RefreshAheadPercent { get; init; } = 80;

    /// <summary>By how much of its fresh time, in percent, an entry becomes stale earlier, so that what was loaded together does not become stale together. Default 10.</summary>
    public int JitterPercent { get; init; } = 10;

    /// <summary>How long an entry may be served stale while it is loaded again. Default 1 minute.</summary>
    public TimeSpan StaleWhileRevalidate { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How long an entry may be served stale if loading it fails. Default 1 hour.</summary>
    public TimeSpan StaleIfError { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How long it is remembered that the origin has nothing under a key. Default 30 seconds.</summary>
    public TimeSpan NegativeFor { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long after a failed load a key is not loaded again. Default 5 seconds.</summary>
    public TimeSpan FailureFor { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>What a client's write to a key of the origin does.</summary>
    public OriginWrites Writes { get; init; } = OriginWrites.Refuse;

    /// <summary>Bounds of the writes that the origin has yet to get, with <see cref="OriginWrites.Behind"/>.</summary>
    public OriginOutboxOptions Outbox { get; init; } = new();

    /// <summary>Where calls and answers are logged as they were; null for nowhere.</summary>
    public OriginJournalOptions? Journal { get; init; }

    /// <summary>How long the first key of a call waits for others.</summary>
    internal TimeSpan BatchWait => Http?.Batch?.Wait ?? Sql?.Wait ?? TimeSpan.Zero;
}

/// <summary>What a client's write to a key of an origin does.</summary>
public enum OriginWrites
{
    /// <summary>It is rejected: entries come from the origin alone.</summary>
    Refuse,

    /// <summary>It changes the store alone (cache-aside): the client writes to the origin itself.</summary>
    Local,

    /// <summary>It is committed after the origin has it (write-through).</summary>
    Through,

    /// <summary>It is committed with a record that the origin has yet to get it, and delivered later (write-behind).</summary>
    Behind,
}

/// <summary>Bounds of the writes that an origin has yet to get. Beyond them, writes below its prefix are rejected.</summary>
public sealed record OriginOutboxOptions
{
    /// <summary>Keys whose writes the origin has yet to get, the parked ones included. A key that is among them can still be written. Default 100,000.</summary>
    public int EntriesMax { get; init; } = 100_000;

    /// <summary>How long the oldest write waits for its delivery, unless it is parked. Default 1 hour.</summary>
    public TimeSpan AgeMax { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Failed deliveries of a key after which it is parked. Those that say nothing of the key do not count, such as that the origin cannot be reached. Default 20.</summary>
    public int AttemptsMax { get; init; } = 20;
}

/// <summary>How many workers call an origin at a time.</summary>
public sealed record OriginWorkerOptions
{
    /// <summary>Workers that there always are. Default 2.</summary>
    public int Min { get; init; } = 2;

    /// <summary>The most workers, and so calls at a time. Default 32.</summary>
    public int Max { get; init; } = 32;

    /// <summary>How long a load waits for a worker until others are started; at once if it would have to wait so long. Default 50 milliseconds.</summary>
    public TimeSpan GrowAfter { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>How long a worker is idle until it ends. Default 30 seconds.</summary>
    public TimeSpan ShrinkAfter { get; init; } = TimeSpan.FromSeconds(30);
}

/// <summary>How many calls an origin gets. Every call takes a token: the first one of a load, and each that is made again.</summary>
public sealed record OriginTokenOptions
{
    /// <summary>Tokens that are added each second; 0 for no bound. Default 0.</summary>
    public double PerSecond { get; init; }

    /// <summary>The most tokens that are saved up, which is how many calls can be made at once. Default 40.</summary>
    public int Burst { get; init; } = 40;
}

/// <summary>How often a failed call is made again, and when an origin gets no calls.</summary>
public sealed record OriginCallOptions
{
    /// <summary>Calls for one load, the first one included, besides those that only divide a group. Default 3.</summary>
    public int AttemptsMax { get; init; } = 3;

    /// <summary>
    /// How long the second call for a load waits after the first has failed; each further one waits twice as long. Up to a half less by chance, so that loads that
    /// failed together are not repeated together. Default 100 milliseconds.
    /// </summary>
    public TimeSpan Backoff { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Failed calls in succession after which the origin is not called for a while. Default 10.</summary>
    public int BreakerFailuresMax { get; init; } = 10;

    /// <summary>How long the origin is not called then, until one call probes it. Default 5 seconds.</summary>
    public TimeSpan BreakerOpenFor { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long the origin is not called when it asks for fewer calls without saying for how long. Default 1 second.</summary>
    public TimeSpan PauseDefault { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest that the origin can stop calls by its Retry-After. Default 5 minutes.</summary>
    public TimeSpan PauseMax { get; init; } = TimeSpan.FromMinutes(5);
}

/// <summary>An origin that is an HTTP service.</summary>
public sealed record OriginHttpOptions
{
    /// <summary>The address of one key, with <c>{key}</c> for what follows the prefix or <c>{fullkey}</c> for the whole key, both percent-encoded.</summary>
    public required string Url { get; init; }

    /// <summary>How many keys are asked for in one call; null if each takes a call of its own.</summary>
    public OriginBatchOptions? Batch { get; init; }

    /// <summary>The call that writes a value.</summary>
    public OriginHttpWriteOptions Store { get; init; } = new() { Method = "PUT" };

    /// <summary>The call that deletes a key.</summary>
    public OriginHttpWriteOptions Delete { get; init; } = new() { Method = "DELETE" };

    /// <summary>Headers of every call, such as <c>Authorization</c>.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();
}

/// <summary>A call of an HTTP service that changes one key.</summary>
public sealed record OriginHttpWriteOptions
{
    /// <summary>The method. Default <c>PUT</c> for a value, and <c>DELETE</c> for a deletion.</summary>
    public required string Method { get; init; }

    /// <summary>The address, as <see cref="OriginHttpOptions.Url"/>; null for that one. Default null.</summary>
    public string? Url { get; init; }
}

/// <summary>Calls of an HTTP service that ask for many keys.</summary>
public sealed record OriginBatchOptions
{
    /// <summary>The address, with <c>{keys}</c> for the keys, percent-encoded and with commas between them.</summary>
    public required string Url { get; init; }

    /// <summary>The most keys of a call. Default 50.</summary>
    public int KeysMax { get; init; } = 50;

    /// <summary>How long the first key of a call waits for others. Default 5 milliseconds.</summary>
    public TimeSpan Wait { get; init; } = TimeSpan.FromMilliseconds(5);

    /// <summary>Where the answer, which is JSON, has the list of items: a JSON pointer (RFC 6901). Default the whole answer.</summary>
    public string Items { get; init; } = "";

    /// <summary>Where an item has its key, without the prefix: a JSON pointer. Default <c>/key</c>.</summary>
    public string ItemKey { get; init; } = "/key";
}

/// <summary>An origin that is a database. The statements are the operator's; keys and values reach them as parameters alone.</summary>
public sealed record OriginSqlOptions
{
    /// <summary>Which kind of database it is.</summary>
    public required SqlProvider Provider { get; init; }

    /// <summary>How it is connected to, as ADO.NET writes it. A secret. The size of the pool comes from <see cref="OriginWorkerOptions.Max"/>.</summary>
    public required string ConnectionString { get; init; }

    /// <summary>The query of a value by <c>@key</c> or <c>@fullkey</c>, or of many by <c>@keys</c> or <c>@fullkeys</c>.</summary>
    public required string Load { get; init; }

    /// <summary>The statement that writes a value; null if nothing is written.</summary>
    public string? Store { get; init; }

    /// <summary>The statement that deletes one; null if nothing is deleted.</summary>
    public string? Delete { get; init; }

    /// <summary>The channel whose notifications invalidate (PostgreSQL); null for none.</summary>
    public string? NotifyChannel { get; init; }

    /// <summary>The most keys of a query of many. Default 50.</summary>
    public int KeysMax { get; init; } = 50;

    /// <summary>How long the first key of such a query waits for others. Default 5 milliseconds.</summary>
    public TimeSpan Wait { get; init; } = TimeSpan.FromMilliseconds(5);
}

/// <summary>Kinds of databases.</summary>
public enum SqlProvider
{
    /// <summary>PostgreSQL, and what speaks its protocol.</summary>
    PostgreSql,

    /// <summary>A file of SQLite.</summary>
    Sqlite,

    /// <summary>MySQL or MariaDB.</summary>
    MySql,
}

/// <summary>Where calls of an origin and their answers are logged as they were.</summary>
public sealed record OriginJournalOptions
{
    /// <summary>The directory, which only this origin of this process uses.</summary>
    public required string Directory { get; init; }

    /// <summary>The most bytes of all files. The oldest are deleted. Default 1 GiB.</summary>
    public long BytesMax { get; init; } = 1L << 30;

    /// <summary>Headers whose values are not logged, in addition to those that are known to be secret.</summary>
    public IReadOnlyList<string> RedactHeaders { get; init; } = ["Authorization"];
}
