namespace KvStore;

/// <summary>
/// Heap bytes that one kind of holder may have, with a bound of its own, so that none starves another. A holder charges before it
/// allocates, and releases exactly what it charged. Thread-safe.
/// </summary>
/// <param name="name">The name in the status and the metrics.</param>
/// <param name="bytesMax">The bound.</param>
public sealed class MemoryAccount(string name, long bytesMax)
{
    private long _bytes;
    private long _peakBytes;
    private long _refusals;

    /// <summary>The name in the status and the metrics.</summary>
    public string Name => name;

    /// <summary>The bound.</summary>
    public long BytesMax => bytesMax;

    /// <summary>What is charged now.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>The most that was ever charged.</summary>
    public long PeakBytes => Volatile.Read(ref _peakBytes);

    /// <summary>How often the bound has refused someone.</summary>
    public long Refusals => Volatile.Read(ref _refusals);

    /// <summary>Charges bytes if they fit; otherwise counts a refusal and charges nothing.</summary>
    public bool TryCharge(long bytes)
    {
        // Not added and taken back: meanwhile others that fit would be refused.
        var before = Volatile.Read(ref _bytes);
        while (bytes <= bytesMax - before)
        {
            var found = Interlocked.CompareExchange(ref _bytes, before + bytes, before);
            if (found == before)
            {
                RecordPeak(before + bytes);
                return true;
            }

            before = found;
        }

        Refuse();
        return false;
    }

    /// <summary>Charges bytes whether or not they fit, for a holder that trims itself to the bound afterwards.</summary>
    public void Charge(long bytes) => RecordPeak(Interlocked.Add(ref _bytes, bytes));

    /// <summary>Releases bytes that were charged.</summary>
    public void Release(long bytes) => Interlocked.Add(ref _bytes, -bytes);

    /// <summary>Whether a sum is within the bound; otherwise counts a refusal. For an account with one writer, which <see cref="Set"/>s the sum.</summary>
    internal bool Admits(long bytes)
    {
        if (bytes <= bytesMax)
            return true;
        Refuse();
        return false;
    }

    /// <summary>Replaces what is charged, for an account with one writer that knows the sum.</summary>
    internal void Set(long bytes)
    {
        Volatile.Write(ref _bytes, bytes);
        if (bytes > _peakBytes)
            Volatile.Write(ref _peakBytes, bytes);
    }

    private void Refuse() => Interlocked.Increment(ref _refusals);

    private void RecordPeak(long bytes)
    {
        for (var peak = Volatile.Read(ref _peakBytes); bytes > peak;)
        {
            var found = Interlocked.CompareExchange(ref _peakBytes, bytes, peak);
            if (found == peak)
                return;
            peak = found;
        }
    }
}
