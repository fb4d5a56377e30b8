namespace KvStore.Mergeable;

/// <summary>
/// The values that are kept decoded, within the bound of a memory account; beyond it those that were not used for the longest time go. Thread-safe.
/// </summary>
internal sealed class ValueCache(MemoryAccount account, MergeableOptions options, TimeProvider time)
{
    // Guards all that follows, and what of a value is the cache's.
    private readonly Lock _lock = new();
    private readonly Dictionary<Key, DecodedValue> _values = [];
    private readonly LinkedList<DecodedValue> _byUse = [];

    public int Count => _values.Count;

    public DecodedValue? Find(Key key)
    {
        lock (_lock)
        {
            if (!_values.TryGetValue(key, out var value))
                return null;
            Touch(value);
            return value;
        }
    }

    /// <summary>Keeps a value, in the place of another one of its key, and charges what it takes now.</summary>
    public void Keep(DecodedValue value)
    {
        var bytes = value.MemoryBytes;
        lock (_lock)
        {
            if (_values.TryGetValue(value.Key, out var before) && before != value)
                Drop(before);
            if (value.Node is null)
            {
                _values[value.Key] = value;
                value.Node = _byUse.AddLast(value);
                if (value.CollectFrom == default)
                    value.CollectFrom = FirstCollection(value);
            }

            account.Charge(bytes - value.ChargedBytes);
            value.ChargedBytes = bytes;
            Touch(value);
            while (account.Bytes > account.BytesMax && _byUse.First is { } first)
                Drop(first.Value);
        }
    }

    /// <summary>Keeps what a reader has decoded, unless there is as late a value, or one that its worker has: that one stays.</summary>
    public void KeepLater(DecodedValue value)
    {
        if (Find(value.Key) is { } before)
        {
            lock (before.Lock)
            {
                if (before.IsTaken || before.Entry is not { } kept || kept.Revision >= value.Entry!.Value.Revision)
                    return;
            }
        }

        Keep(value);
    }

    public void Remove(DecodedValue value)
    {
        lock (_lock)
            Drop(value);
    }

    /// <summary>Drops what was not used for some time.</summary>
    public void DropIdle()
    {
        lock (_lock)
        {
            while (_byUse.First is { } first && time.GetUtcNow() - first.Value.UsedAt > options.IdleMax)
                Drop(first.Value);
        }
    }

    /// <summary>The keys of values whose garbage may be collected, those that have waited for longest first.</summary>
    public List<Key> FindDue(DateTimeOffset now, int max)
    {
        lock (_lock)
            return [.. _byUse.Where(value => value.CollectFrom <= now).OrderBy(value => value.CollectFrom).Take(max).Select(value => value.Key)];
    }

    public void Clear()
    {
        lock (_lock)
        {
            while (_byUse.First is { } first)
                Drop(first.Value);
        }
    }

    private DateTimeOffset FirstCollection(DecodedValue value)
    {
        var now = time.GetUtcNow();
        return value.Membership.HasSilent(DecodedValue.DayOf(now), options.RetentionDays) ? now : now + options.CollectionInterval;
    }

    private void Touch(DecodedValue value)
    {
        value.UsedAt = time.GetUtcNow();
        if (value.Node == _byUse.Last)
            return;
        _byUse.Remove(value.Node!);
        _byUse.AddLast(value.Node!);
    }

    private void Drop(DecodedValue value)
    {
        if (value.Node is null)
            return;
        _byUse.Remove(value.Node);
        _values.Remove(value.Key);
        value.Node = null;
        account.Release(value.ChargedBytes);
        value.ChargedBytes = 0;
    }
}
