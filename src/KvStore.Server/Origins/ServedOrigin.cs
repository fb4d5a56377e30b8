using KvStore.Origins;

namespace KvStore.Server;

/// <summary>Opens what an origin is asked by.</summary>
/// <param name="options">The settings of the origin.</param>
/// <param name="journal">Where calls are logged; null for nowhere.</param>
internal delegate IOriginSource OpenOriginSource(OriginOptions options, OriginJournal? journal);

/// <summary>One origin: what the store has of it, the workers that load from it, and how its requests were answered. Thread-safe.</summary>
internal sealed class ServedOrigin(OriginState state, LoaderPool pool, KeyWriter writer, LoadLeases? leases, OutboxWorkers? outbox, PostgresListener? listener, OriginJournal? journal, Store store) : IAsyncDisposable
{
    private readonly long[] _answers = new long[Enum.GetValues<OriginAnswer>().Length];

    public OriginState State => state;

    public LoaderPool Pool => pool;

    /// <summary>Writes of one key that depend on what the key is, or that go through.</summary>
    public KeyWriter Writer => writer;

    /// <summary>Which keys clients are loading; null if the store loads them.</summary>
    public LoadLeases? Leases => leases;

    /// <summary>Delivers what the origin has yet to get; null unless writes are delivered behind.</summary>
    public OutboxWorkers? Outbox => outbox;

    /// <summary>Receives notifications of a database; null unless the settings have a channel.</summary>
    public PostgresListener? Listener => listener;

    public OriginOptions Options => state.Options;

    /// <summary>Where its calls are logged; null for nowhere.</summary>
    public OriginJournal? Journal => journal;

    /// <summary>What the latest state has of a key.</summary>
    public KeyState EvaluateLatest(Key key) => state.Evaluate(store.Latest, key);

    /// <summary>Loads a key that is still served, unless that has happened already, without waiting.</summary>
    public void Refresh(Key key) => pool.TryRefresh(key, () => EvaluateLatest(key) is var latest && (!latest.IsFresh || latest.IsRefreshDue));

    /// <summary>Counts an answer to a read of one key.</summary>
    public void Count(OriginAnswer answer) => Interlocked.Increment(ref _answers[(int)answer]);

    /// <summary>How many reads were answered so.</summary>
    public long CountOf(OriginAnswer answer) => Interlocked.Read(ref _answers[(int)answer]);

    /// <summary>Ends all loads, and waits for the deliveries in progress.</summary>
    /// <param name="hurrying">Ends those too. They are made again after the next start.</param>
    public Task StopAsync(CancellationToken hurrying) => Task.WhenAll(
        pool.StopAsync(new CancellationToken(canceled: true)), outbox?.StopAsync(hurrying) ?? Task.CompletedTask, listener?.DisposeAsync().AsTask() ?? Task.CompletedTask);

    // The pool after the deliveries, which call the origin by its source, and the journal last, because calls that end are logged.
    public async ValueTask DisposeAsync()
    {
        if (listener is not null)
            await listener.DisposeAsync();
        if (outbox is not null)
            await outbox.DisposeAsync();
        await pool.DisposeAsync();
        if (journal is not null)
            await journal.DisposeAsync();
    }
}

/// <summary>How a read of a key from an origin was answered.</summary>
internal enum OriginAnswer
{
    /// <summary>From what was stored, and fresh.</summary>
    Hit,

    /// <summary>From what was stored, and stale.</summary>
    Stale,

    /// <summary>After a load.</summary>
    Loaded,

    /// <summary>With an error, because of a failed load.</summary>
    Failed,
}
