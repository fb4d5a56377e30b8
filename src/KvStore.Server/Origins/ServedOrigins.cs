using KvStore.Origins;

namespace KvStore.Server;

/// <summary>The origins of the service, with their workers. Thread-safe.</summary>
internal sealed class ServedOrigins : IAsyncDisposable
{
    private readonly OriginTable _table;
    private readonly Dictionary<OriginState, ServedOrigin> _origins;
    private int _isStopped;

    public ServedOrigins(OriginTable table, Store store, OpenOriginSource open, ILogger<ServedOrigins> logger, TimeProvider time)
    {
        _table = table;
        _origins = table.All.ToDictionary(state => state, Open);
        All = [.. table.All.Select(state => _origins[state])];

        ServedOrigin Open(OriginState state)
        {
            Action<OriginEvent> report = happened => Report(logger, state.Options.Name, happened);
            var journal = state.Options.Journal is null ? null : new OriginJournal(state.Options, report, time);
            return new ServedOrigin(state, new LoaderPool(state.Options, open(state.Options, journal), new StoreLoadTarget(store, state), report, time), journal, store);
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
        : null;

    /// <summary>Ends all loads; what has been answered is still stored. Only the first call acts: a host may stop its services after it has disposed of them.</summary>
    public Task StopAsync() => Interlocked.Exchange(ref _isStopped, 1) == 0
        ? Task.WhenAll(All.Select(origin => origin.Pool.StopAsync(new CancellationToken(canceled: true))))
        : Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        Volatile.Write(ref _isStopped, 1);
        foreach (var origin in All)
            await origin.DisposeAsync();
    }

    private static void Report(ILogger logger, string name, OriginEvent happened)
    {
        if (happened.Exception is not null)
            logger.OriginFaulted(name, happened.Message, happened.Exception);
        else if (happened.Kind is OriginEventKind.BreakerOpened or OriginEventKind.JournalFailed)
            logger.OriginFailed(name, happened.Message);
        else
            logger.OriginChanged(name, happened.Message);
    }
}
