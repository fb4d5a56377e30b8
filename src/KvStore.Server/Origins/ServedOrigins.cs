using KvStore.Origins;

namespace KvStore.Server;

/// <summary>The origins of the service, with their workers. Thread-safe.</summary>
internal sealed class ServedOrigins : IAsyncDisposable
{
    // A stop takes seconds, and what was not delivered is not lost.
    private static readonly TimeSpan DeliveryWaitMax = TimeSpan.FromSeconds(2);

    private readonly OriginTable _table;
    private readonly TimeProvider _time;
    private readonly Dictionary<OriginState, ServedOrigin> _origins;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _lock = new();
    private Task? _stopped;

    public ServedOrigins(OriginTable table, Store store, OpenOriginSource open, KvStoreOptions options, ILogger<ServedOrigins> logger, TimeProvider time)
    {
        (_table, _time) = (table, time);
        _origins = table.All.ToDictionary(state => state, Open);
        All = [.. table.All.Select(state => _origins[state])];

        ServedOrigin Open(OriginState state)
        {
            Action<OriginEvent> report = happened => Report(logger, state.Options.Name, happened);
            var journal = state.Options.Journal is null ? null : new OriginJournal(state.Options, report, time);
            var source = open(state.Options, journal);
            var pool = new LoaderPool(state.Options, source, new StoreLoadTarget(store, state), report, time);
            var caller = state.Options.Writes is OriginWrites.Through or OriginWrites.Behind ? new WriteCaller(state.Options, (IOriginSink)source, pool.Gate, report, time, store.FenceBase) : null;
            var outbox = state.Outbox is null ? null : new OutboxWorkers(state, store, caller!, pool.Gate, report, time);
            var through = state.Marks is null ? null : new ThroughWriter(store, state, caller!, time, _stopping.Token);
            var listener = state.Options.Sql?.NotifyChannel is null ? null : new PostgresListener(state, store, options.KeyBytesMax, report, time);
            return new ServedOrigin(state, pool, new KeyWriter(store, state, pool, through, time), state.Options.HasSource ? null : new LoadLeases(state, time), outbox, listener, journal, store);
        }
    }

    /// <summary>All of them, by name.</summary>
    public IReadOnlyList<ServedOrigin> All { get; }

    /// <summary>The origin that a key comes from, or null.</summary>
    public ServedOrigin? Find(Key key) => All.Count > 0 && _table.Find(key.Utf8) is { } state ? _origins[state] : null;

    /// <summary>The origin of a name, or null.</summary>
    public ServedOrigin? Find(string name) => All.FirstOrDefault(origin => origin.Options.Name == name);

    /// <summary>Why an origin does not let an entry be stored, or null: what the store would say, before the entry is one of many in a transaction.</summary>
    public Problem? FindRejection(EntryDraft draft) => Find(draft.Key) is not { } origin ? null
        : origin.Options.Writes == OriginWrites.Refuse ? OriginProblems.RefusesWrites()
        : draft.ExpiresAt is not null ? OriginProblems.DecidesExpiry()
        : origin.Options.Writes == OriginWrites.Through ? OriginProblems.TakesSingleWrites()
        : null;

    /// <summary>
    /// Ends all loads, of which what has been answered is still stored, writes that go through, and deliveries as soon as the origin has answered. Only the first call acts: a host may stop its services after it
    /// has disposed of them.
    /// </summary>
    /// <param name="hurrying">Ends deliveries at once.</param>
    public Task StopAsync(CancellationToken hurrying)
    {
        lock (_lock)
            return _stopped ??= StopAllAsync(hurrying);
    }

    // The host disposes of services while it stops them, if both are asked for at once.
    public async ValueTask DisposeAsync()
    {
        Task stopped;
        lock (_lock)
            stopped = _stopped ??= Task.CompletedTask;
        await stopped.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var origin in All)
            await origin.DisposeAsync();
        _stopping.Dispose();
    }

    private async Task StopAllAsync(CancellationToken hurrying)
    {
        await _stopping.CancelAsync();
        using var late = new CancellationTokenSource(DeliveryWaitMax, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, hurrying);
        await Task.WhenAll(All.Select(origin => origin.StopAsync(either.Token)));
    }

    private static void Report(ILogger logger, string name, OriginEvent happened)
    {
        if (happened.Exception is not null)
            logger.OriginFaulted(name, happened.Message, happened.Exception);
        else if (happened.Kind is OriginEventKind.BreakerOpened or OriginEventKind.JournalFailed or OriginEventKind.Parked or OriginEventKind.NotificationsLost)
            logger.OriginFailed(name, happened.Message);
        else
            logger.OriginChanged(name, happened.Message);
    }
}
