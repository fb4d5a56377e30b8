namespace KvStore.Mergeable;

/// <summary>
/// Lets as many values be decoded at a time as there are processors, because one may take many times its bytes before it is charged to the account of decoded values. Thread-safe.
/// </summary>
internal sealed class DecodingGate : IDisposable
{
    /// <summary>From here on a change waits for a slot too, because it may take much memory and time to merge.</summary>
    public const long LargeBytes = 64 << 10;

    private readonly SemaphoreSlim _slots = new(Environment.ProcessorCount);

    /// <summary>Waits for a slot.</summary>
    /// <returns>Disposed of when the value is decoded.</returns>
    public async ValueTask<Slot> EnterAsync(CancellationToken cancellationToken)
    {
        await _slots.WaitAsync(cancellationToken).ConfigureAwait(false);
        return new Slot(_slots);
    }

    public void Dispose() => _slots.Dispose();

    /// <summary>A slot; the default value is none.</summary>
    public readonly struct Slot(SemaphoreSlim? slots) : IDisposable
    {
        public void Dispose() => slots?.Release();
    }
}
