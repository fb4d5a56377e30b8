using System.Collections.Concurrent;

namespace KvStore.Origins.Tests;

/// <summary>A pool over a scripted origin, in time that the test advances.</summary>
internal sealed class PoolBench : IAsyncDisposable
{
    public const string Prefix = "rates/";

    public PoolBench(Func<OriginOptions, OriginOptions>? configure = null, int keysMax = 1)
    {
        var options = new OriginOptions
        {
            Name = "vendor",
            Prefix = Prefix,
            Http = new OriginHttpOptions { Url = "http://vendor/{key}", Batch = keysMax > 1 ? new OriginBatchOptions { Url = "http://vendor?keys={keys}" } : null },
        };
        Options = configure?.Invoke(options) ?? options;
        Source = new ScriptedSource(keysMax, Time);
        Pool = new LoaderPool(Options, Source, Target, Events.Enqueue, Time);
    }

    public ObservedTime Time { get; } = new();

    public OriginOptions Options { get; }

    public ScriptedSource Source { get; }

    public MemoryTarget Target { get; } = new();

    public ConcurrentQueue<OriginEvent> Events { get; } = [];

    public LoaderPool Pool { get; }

    public LoaderStatus Status => Pool.Status;

    public int Calls => Source.Calls.Count;

    public static Key KeyOf(int number) => Key.Parse($"{Prefix}{number}");

    public Task<LoadAnswer> LoadAsync(int number) => RequestAsync(number, TestContext.Current.CancellationToken);

    public async Task<LoadAnswer> RequestAsync(int number, CancellationToken cancellationToken) => (await Pool.LoadAsync(KeyOf(number), () => true, cancellationToken))!;

    public bool TryRefresh(int number) => Pool.TryRefresh(KeyOf(number), () => true);

    public async Task<LoadFailure> FailAsync(int number) => Assert.IsType<LoadResult.Failed>((await LoadAsync(number).Within()).Result).Kind;

    /// <summary>Waits until the origin has had so many calls.</summary>
    public Task CalledAsync(int calls) => Soon.UntilAsync(() => Calls >= calls);

    /// <summary>Waits until nothing happens any more at the present time. Not for origins that take many keys.</summary>
    public async Task SettleAsync()
    {
        try
        {
            await Soon.UntilAsync(IsSettled);
        }
        catch (TimeoutException)
        {
            Assert.Fail($"{Status}, {Source.InFlight} calls in flight, {Source.Due} due, {string.Join(' ', Events)}");
        }
    }

    private bool IsSettled()
    {
        var (transitions, waiting) = (Source.Transitions, Source.Waiting);
        var status = Status;
        return Source.Due == 0
            && status.Busy == waiting
            && (status.Queued == 0 || status.Busy == status.Workers || status.IsOutOfTokens)
            && transitions == Source.Transitions;
    }

    /// <summary>Advances time in steps, at each of which everything happens that is due.</summary>
    public async Task AdvanceAsync(TimeSpan length, TimeSpan step)
    {
        await SettleAsync();
        for (var advanced = TimeSpan.Zero; advanced < length; advanced += step)
        {
            Time.Advance(step);
            await SettleAsync();
        }
    }

    // Bounded, because a test that fails leaves calls that do not end, and would not be reported before they do.
    public ValueTask DisposeAsync() => new(Pool.DisposeAsync().AsTask().Within());
}
