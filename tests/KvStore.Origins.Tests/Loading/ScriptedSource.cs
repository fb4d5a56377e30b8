using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace KvStore.Origins.Tests;

/// <summary>An origin whose answers a test writes. It checks what every pool promises an origin: each key at most once at a time.</summary>
internal sealed class ScriptedSource(int keysMax, TimeProvider time) : IOriginSource
{
    private readonly ConcurrentDictionary<Key, int> _loading = [];
    private readonly AsyncLocal<StrongBox<int>> _dueOfCall = new();
    private int _inFlight;
    private int _waiting;
    private int _transitions;
    private int _due;

    public static LoadResult Value { get; } = new LoadResult.Found("value"u8.ToArray(), "text/plain", null, default);

    public static LoadResult Absent { get; } = new LoadResult.Absent(default);

    public static LoadResult Ill { get; } = new LoadResult.Failed(LoadFailure.BadAnswer, null, "500") { IsTransient = true };

    public static LoadResult Refused { get; } = new LoadResult.Failed(LoadFailure.Refused, null, "400");

    public static LoadResult Throttled(double seconds) => new LoadResult.Failed(LoadFailure.Throttled, TimeSpan.FromSeconds(seconds), "429");

    public int KeysMax => keysMax;

    /// <summary>Answers a call.</summary>
    public Func<Key[], CancellationToken, Task<LoadResult[]>> Script { get; set; } = (keys, _) => Task.FromResult(Repeat(Value, keys));

    /// <summary>The calls: when, and for which keys.</summary>
    public ConcurrentQueue<(long At, Key[] Keys)> Calls { get; } = [];

    public bool IsDisposed { get; private set; }

    public int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>Delays of calls that are over, whose calls have not ended yet.</summary>
    public int Due => Volatile.Read(ref _due);

    /// <summary>Calls in progress that wait for something: those that do not would be taken for idle when their thread has no processor.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    /// <summary>The most calls at a time.</summary>
    public int InFlightMax { get; private set; }

    /// <summary>How many calls have begun or ended.</summary>
    public int Transitions => Volatile.Read(ref _transitions);

    public static LoadResult[] Repeat(LoadResult result, Key[] keys) => [.. keys.Select(_ => result)];

    /// <summary>Answers all keys of a call equally.</summary>
    public void Answer(Func<Key, Task<LoadResult>> answer) => Script = (keys, _) => Task.WhenAll(keys.Select(answer));

    /// <summary>Lets a call take some time.</summary>
    public async Task DelayAsync(TimeSpan length)
    {
        var dueOfCall = _dueOfCall.Value!;
        var due = new TaskCompletionSource();
        await using var timer = time.CreateTimer(
            _ =>
            {
                Interlocked.Increment(ref _due);
                Interlocked.Increment(ref dueOfCall.Value);
                due.SetResult();
            },
            null,
            length,
            Timeout.InfiniteTimeSpan);
        await due.Task;
    }

    public async Task<IReadOnlyList<LoadResult>> LoadAsync(IReadOnlyList<LoadRequest> requests, CancellationToken cancellationToken)
    {
        Key[] keys = [.. requests.Select(request => request.Key)];
        Assert.InRange(keys.Length, 1, keysMax);
        var inFlight = Interlocked.Increment(ref _inFlight);
        lock (_loading)
            InFlightMax = Math.Max(InFlightMax, inFlight);
        Interlocked.Increment(ref _transitions);
        Assert.All(keys, key => Assert.Equal(1, _loading.AddOrUpdate(key, 1, (_, count) => count + 1)));
        Calls.Enqueue((time.GetTimestamp(), keys));
        var dueOfCall = _dueOfCall.Value = new StrongBox<int>();
        var isWaiting = false;
        try
        {
            var answering = Script(keys, cancellationToken);
            isWaiting = !answering.IsCompleted;
            if (isWaiting)
                Interlocked.Increment(ref _waiting);
            return await answering;
        }
        finally
        {
            if (isWaiting)
                Interlocked.Decrement(ref _waiting);
            foreach (var key in keys)
                _loading[key] = 0;
            Interlocked.Increment(ref _transitions);
            Interlocked.Decrement(ref _inFlight);
            Interlocked.Add(ref _due, -dueOfCall.Value);
        }
    }

    public ValueTask DisposeAsync()
    {
        IsDisposed = true;
        return ValueTask.CompletedTask;
    }
}
