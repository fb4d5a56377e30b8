namespace KvStore.Server;

/// <summary>What one client uses now. Thread-safe.</summary>
internal sealed class ClientUse(TimeProvider time)
{
    private readonly Lock _lock = new();

    // Those of its last request.
    private ClientBounds _bounds;
    private TokenBucket _requests;
    private TokenBucket _bytes;
    private int _watchers;
    private int _transfers;

    /// <summary>Admits a request, or says what there is too much of.</summary>
    public Admitted TryEnter(in ClientBounds bounds, HeldPlace place)
    {
        var (now, frequency) = (time.GetTimestamp(), time.TimestampFrequency);
        lock (_lock)
        {
            _bounds = bounds;

            // The order matters because what is refused must not cost anything.
            if (place == HeldPlace.Watcher && _watchers >= bounds.Watchers)
                return new Admitted(Exhausted.Watchers, RetryTimes.TooManyWatchers.TotalSeconds, 0, 0);
            if (place == HeldPlace.Transfer && _transfers >= bounds.Transfers)
                return new Admitted(Exhausted.Transfers, RetryTimes.TooManyWatchers.TotalSeconds, 0, 0);
            if (bounds.BytesPerSecond is { } bytes && !_bytes.TryTake(bytes, now, frequency, 0))
                return new Admitted(Exhausted.Bytes, _bytes.SecondsToOne(bytes), _requests.Left, 0);
            if (bounds.RequestsPerSecond is { } requests && !_requests.TryTake(requests, now, frequency, 1))
                return new Admitted(Exhausted.Requests, _requests.SecondsToOne(requests), 0, _bytes.Left);
            _watchers += place == HeldPlace.Watcher ? 1 : 0;
            _transfers += place == HeldPlace.Transfer ? 1 : 0;
            return new Admitted(Exhausted.Nothing, 0, _requests.Left, _bytes.Left);
        }
    }

    /// <summary>Ends what was admitted, once.</summary>
    /// <param name="bounds">Those of its admission.</param>
    /// <param name="place">That of its admission.</param>
    /// <param name="bytes">What its body and its answer had.</param>
    public void Leave(in ClientBounds bounds, HeldPlace place, long bytes)
    {
        var (now, frequency) = (time.GetTimestamp(), time.TimestampFrequency);
        lock (_lock)
        {
            _watchers -= place == HeldPlace.Watcher ? 1 : 0;
            _transfers -= place == HeldPlace.Transfer ? 1 : 0;
            if (bounds.BytesPerSecond is { } rate)
                _bytes.Charge(rate, now, frequency, bytes);
        }
    }

    /// <summary>Whether the client can be forgotten: it would be admitted as one that was never seen.</summary>
    public bool IsIdle()
    {
        var (now, frequency) = (time.GetTimestamp(), time.TimestampFrequency);
        lock (_lock)
        {
            return _watchers == 0 && _transfers == 0
                && (_bounds.RequestsPerSecond is not { } requests || _requests.IsFull(requests, now, frequency))
                && (_bounds.BytesPerSecond is not { } bytes || _bytes.IsFull(bytes, now, frequency));
        }
    }
}

/// <summary>What a client has used up.</summary>
internal enum Exhausted
{
    Nothing,
    Requests,
    Bytes,
    Watchers,
    Transfers,
}

/// <summary>The answer to one more request: what is used up, for how many seconds, and what is left of the rates.</summary>
internal readonly record struct Admitted(Exhausted Exhausted, double Seconds, long RequestsLeft, long BytesLeft);
