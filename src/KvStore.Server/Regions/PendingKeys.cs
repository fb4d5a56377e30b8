using System.Threading.Channels;

namespace KvStore.Server;

/// <summary>
/// The keys whose values have to be exchanged with one region, each once however often it changes; those exchanged most recently; and those that cannot be merged. Thread-safe.
/// </summary>
/// <remarks>
/// A key is dirty while a change is heard of whose revision is not exchanged, so a change that comes while the key is exchanged, and a merge that comes back as a change,
/// need no care: the former has a later revision than what was exchanged, the latter has not. Nothing is kept over a restart; then everything is compared.
/// </remarks>
internal sealed class PendingKeys(RegionOptions options, TimeProvider time)
{
    /// <summary>The most conflicts that are listed. Of others it is only known that there are some, when they change.</summary>
    public const int ConflictsMax = 1000;

    private readonly Lock _lock = new();

    // At most as many as the keys that are scheduled.
    private readonly Channel<PendingKey> _ready = Channel.CreateUnbounded<PendingKey>();

    // Guarded by the lock.
    private readonly Dictionary<Key, PendingKey> _keys = [];
    private readonly Dictionary<Key, RegionConflict> _conflicts = [];
    private readonly PriorityQueue<PendingKey, long> _waiting = new();
    private readonly Queue<(PendingKey Key, long Settled)> _settled = new();
    private TaskCompletionSource _room = NewSignal();
    private StoreId? _region;
    private long _settlements;
    private int _scheduled;

    /// <summary>What cannot be merged, in no order.</summary>
    public IReadOnlyList<RegionConflict> Conflicts
    {
        get
        {
            lock (_lock)
                return [.. _conflicts.Values];
        }
    }

    /// <summary>Hears of a change, and waits while too many keys are scheduled.</summary>
    /// <param name="side">Where it was.</param>
    /// <param name="key">The key. It is copied if it is kept, because it may be a view of an entry.</param>
    /// <param name="revision">The revision of the change, in the store of that side.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async ValueTask HearAsync(RegionSide side, Key key, long revision, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task room;
            lock (_lock)
            {
                if (TryHear(side, key, revision))
                    return;
                room = _room.Task;
            }

            await room.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Hears of a deletion or of an ordinary entry, which stay on their side, and so only matter to a key that could not be merged, or is being tried.</summary>
    /// <inheritdoc cref="HearAsync"/>
    public async ValueTask HearOtherAsync(RegionSide side, Key key, long revision, CancellationToken cancellationToken)
    {
        bool matters;
        lock (_lock)
            matters = _conflicts.ContainsKey(key) || (_keys.TryGetValue(key, out var pending) && pending.IsScheduled);
        if (matters)
            await HearAsync(side, key, revision, cancellationToken);
    }

    /// <summary>Begins with the changes of the region's store, or of another one that has taken its place: its revisions are not those before.</summary>
    public void Enter(StoreId region)
    {
        lock (_lock)
        {
            _region = region;
            Forget();
        }
    }

    /// <summary>Forgets what is known of the region's values, so that one that is heard of is compared.</summary>
    public void Forget()
    {
        lock (_lock)
        {
            foreach (var key in _keys.Values)
                key.ForgetRegion();
        }
    }

    /// <summary>Takes the next key to exchange. It comes back by one of the following methods.</summary>
    public async ValueTask<PendingKey> TakeAsync(CancellationToken cancellationToken)
    {
        var key = await _ready.Reader.ReadAsync(cancellationToken);
        lock (_lock)
            key.Begin();
        return key;
    }

    /// <summary>Records what an exchange has reached.</summary>
    /// <returns>False if the region's store is no longer the one that was exchanged with, so that the key has to be tried again.</returns>
    public bool Complete(PendingKey key, ExchangeResult.Exchanged reached)
    {
        lock (_lock)
        {
            if (reached.Region != _region)
                return false;
            var now = time.GetUtcNow();
            key.Exchange(RegionSide.Here, reached.Here, now);
            key.Exchange(RegionSide.There, reached.There, now);
            (key.Known, key.Failures) = (reached.Known, 0);
            _conflicts.Remove(key.Key);
            if (key.IsDirty)
                _ready.Writer.TryWrite(key);
            else
                Settle(key);
            return true;
        }
    }

    /// <summary>Records that a key cannot be merged, until one of the two sides changes.</summary>
    /// <returns>Whether that is new.</returns>
    public bool Park(PendingKey key, string reason)
    {
        lock (_lock)
        {
            var isNew = _conflicts.Count < ConflictsMax && _conflicts.TryAdd(key.Key, new RegionConflict(key.Key, reason, time.GetUtcNow()));
            if (key.HasChanged)
            {
                _ready.Writer.TryWrite(key);
                return isNew;
            }

            _keys.Remove(key.Key);
            CountDown();
            return isNew;
        }
    }

    /// <summary>Exchanges a key again, after those that wait already.</summary>
    public void Repeat(PendingKey key)
    {
        lock (_lock)
        {
            key.Known = null;
            _ready.Writer.TryWrite(key);
        }
    }

    /// <summary>Exchanges a key again later, because it alone has failed: after 100 ms, and after each further failure twice as long.</summary>
    public void Postpone(PendingKey key)
    {
        lock (_lock)
        {
            key.Known = null;
            var wait = RegionChannel.BackoffAfter(key.Failures++, options.BackoffMax);
            _waiting.Enqueue(key, time.GetTimestamp() + (long)(wait.TotalSeconds * time.TimestampFrequency));
        }
    }

    /// <summary>Lets keys be exchanged whose wait is over.</summary>
    public void Wake()
    {
        lock (_lock)
        {
            while (_waiting.TryPeek(out var key, out var due) && due <= time.GetTimestamp())
            {
                _waiting.Dequeue();
                _ready.Writer.TryWrite(key);
            }
        }
    }

    /// <summary>How many keys have changes of one side that are not exchanged, and since when the oldest of them is known.</summary>
    public (int Count, DateTimeOffset? Since) CountOf(RegionSide side)
    {
        lock (_lock)
        {
            var (count, oldest) = (0, (DateTimeOffset?)null);
            foreach (var key in _keys.Values)
            {
                if (!key.IsDirtyOn(side))
                    continue;
                count++;
                if (oldest is null || key.SinceOn(side) < oldest)
                    oldest = key.SinceOn(side);
            }

            return (count, oldest);
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private bool TryHear(RegionSide side, Key key, long revision)
    {
        if (!_keys.TryGetValue(key, out var pending) || !pending.IsScheduled)
        {
            if (pending?.IsNews(side, revision) == false)
                return true;
            if (_scheduled >= options.KeysMax)
                return false;
            if (pending is null)
            {
                Key.TryCreate(key.Utf8, int.MaxValue, out var own);
                pending = _keys[own] = new PendingKey(own);
            }

            _scheduled++;
            (pending.IsScheduled, pending.Settled) = (true, 0);
            _ready.Writer.TryWrite(pending);
        }

        pending.Hear(side, revision, time.GetUtcNow());
        return true;
    }

    private void Settle(PendingKey key)
    {
        CountDown();
        (key.IsScheduled, key.Settled) = (false, ++_settlements);
        _settled.Enqueue((key, key.Settled));
        if (_settled.Count > options.KeysMax && _settled.Dequeue() is var oldest && oldest.Key.Settled == oldest.Settled)
            _keys.Remove(oldest.Key.Key);
    }

    private void CountDown()
    {
        if (_scheduled-- < options.KeysMax)
            return;
        _room.TrySetResult();
        _room = NewSignal();
    }
}

/// <summary>A value that two stores have and that cannot be merged.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Reason">Why, as a sentence.</param>
/// <param name="Since">When it was found.</param>
internal sealed record RegionConflict(Key Key, string Reason, DateTimeOffset Since);
