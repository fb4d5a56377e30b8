using System.Collections.Concurrent;

namespace KvStore.Server;

/// <summary>The clients that used something lately. Thread-safe. Idle ones are forgotten, and there are never more than a bound.</summary>
internal sealed class Clients : IDisposable
{
    /// <summary>About 20 MB. Clients beyond that share one account, so that no flood of addresses escapes the limits or fills the memory.</summary>
    public const int ClientsMax = 100_000;

    private static readonly TimeSpan SweepInterval = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<ClientKey, ClientUse> _clients = new();
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private readonly ClientUse _others;
    private int _count;

    public Clients(TimeProvider time)
    {
        _time = time;
        _others = new ClientUse(time);
        _timer = time.CreateTimer(static clients => ((Clients)clients!).Sweep(), this, SweepInterval, SweepInterval);
    }

    public int Count => Volatile.Read(ref _count);

    /// <summary>What a client uses. Ask anew for each request.</summary>
    public ClientUse Of(ClientKey key)
    {
        if (_clients.TryGetValue(key, out var use))
            return use;
        if (Count >= ClientsMax)
            return _others;

        // Counted apart: the dictionary takes all of its locks to count.
        var made = new ClientUse(_time);
        use = _clients.GetOrAdd(key, made);
        if (ReferenceEquals(use, made))
            Interlocked.Increment(ref _count);
        return use;
    }

    public void Dispose() => _timer.Dispose();

    // A request that has just found its client may use it after that: it is admitted once more than it should be, which is no loss to anyone else.
    private void Sweep()
    {
        foreach (var (key, use) in _clients)
        {
            if (use.IsIdle() && _clients.TryRemove(key, out _))
                Interlocked.Decrement(ref _count);
        }
    }
}
