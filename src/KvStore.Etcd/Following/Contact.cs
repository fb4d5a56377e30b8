namespace KvStore.Etcd;

/// <summary>Whether etcd answers, and how old the state may be. Thread-safe.</summary>
internal sealed class Contact(Action<EtcdLogEvent> report, TimeProvider time)
{
    private readonly Lock _lock = new();
    private long _currentAt = time.GetTimestamp();
    private Loss? _lost;

    /// <summary>The time since the state was last known to be current.</summary>
    public TimeSpan StateAge => time.GetElapsedTime(Volatile.Read(ref _currentAt));

    /// <summary>Since when etcd has not answered; null if it does.</summary>
    public DateTimeOffset? LostAt => Volatile.Read(ref _lost)?.At;

    /// <summary>The state includes everything that was written before a moment.</summary>
    /// <param name="moment">The moment, as a timestamp.</param>
    public void Current(long moment)
    {
        Found();
        lock (_lock)
        {
            if (moment > _currentAt)
                Volatile.Write(ref _currentAt, moment);
        }
    }

    /// <summary>A call failed.</summary>
    public void Lost(EtcdException exception)
    {
        lock (_lock)
        {
            if (_lost is not null)
                return;
            Volatile.Write(ref _lost, new Loss(time.GetUtcNow()));
            report(new(EtcdLogEventKind.Lost, exception.Message));
        }
    }

    /// <summary>A call succeeded.</summary>
    public void Found()
    {
        if (Volatile.Read(ref _lost) is null)
            return;
        lock (_lock)
        {
            if (_lost is null)
                return;
            Volatile.Write(ref _lost, null);
            report(new(EtcdLogEventKind.Found, "etcd answers again."));
        }
    }

    private sealed record Loss(DateTimeOffset At);
}
