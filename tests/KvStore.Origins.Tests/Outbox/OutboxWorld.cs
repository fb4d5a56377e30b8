namespace KvStore.Origins.Tests;

/// <summary>A store with one origin whose writes are delivered behind, to a sink that a test answers for.</summary>
internal sealed class OutboxWorld(OriginOptions options, bool isOnDisk = false) : IAsyncDisposable
{
    private readonly List<OriginEvent> _events = [];
    private OriginGate _gate = null!;

    public OriginWorld World { get; } = new(options, isOnDisk);

    public ScriptedSink Sink { get; } = new();

    public OutboxWorkers Workers { get; private set; } = null!;

    public Store Store => World.Store;

    public OutboxStatus Status => Workers.Status;

    public static OriginOptions Options(int workers = 4, int entriesMax = 1000, int attemptsMax = 3) => OriginWorld.Options(OriginWrites.Behind) with
    {
        Workers = new OriginWorkerOptions { Min = 1, Max = workers },
        Outbox = new OriginOutboxOptions { EntriesMax = entriesMax, AttemptsMax = attemptsMax, AgeMax = TimeSpan.FromHours(1) },
    };

    public async Task<OutboxWorld> StartAsync()
    {
        await World.StartAsync();
        StartWorkers();
        return this;
    }

    public void StartWorkers()
    {
        _gate = new OriginGate(options, Report, World.Time);
        Workers = new OutboxWorkers(World.Origin, Store, new WriteCaller(options, Sink, _gate, Report, World.Time), _gate, Report, World.Time);
    }

    public async Task PutAsync(string key, string value = "value") => Assert.IsType<Outcome.Committed>(await World.SubmitAsync(Some.Transaction(Some.Put("rates/" + key, value))));

    /// <summary>Whether something was reported.</summary>
    public bool Has(OriginEventKind kind)
    {
        lock (_events)
            return _events.Exists(happened => happened.Kind == kind);
    }

    /// <summary>Waits until no key waits for its delivery, letting time pass.</summary>
    public Task DeliveredAsync() => UntilAsync(() => Status.Pending == 0);

    /// <summary>Waits until something is so, letting time pass.</summary>
    public Task UntilAsync(Func<bool> condition, TimeSpan? step = null) => Soon.UntilAsync(() =>
    {
        if (condition())
            return true;
        if (Sink.InFlight == 0)
            World.Time.Advance(step ?? TimeSpan.FromMilliseconds(250));
        return false;
    });

    public async ValueTask DisposeAsync()
    {
        await Workers.DisposeAsync();
        _gate.Dispose();
        await World.DisposeAsync();
        Assert.Null(Sink.Violation);
    }

    private void Report(OriginEvent happened)
    {
        lock (_events)
            _events.Add(happened);
    }
}
