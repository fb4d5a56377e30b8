namespace KvStore.Storage;

/// <summary>The progress of a load, in bytes. One thread at a time advances it; any thread reads it.</summary>
internal sealed class LoadProgress(CancellationToken cancellationToken)
{
    private long _doneBytes;
    private long _totalBytes;

    public CancellationToken CancellationToken => cancellationToken;

    public long DoneBytes => Volatile.Read(ref _doneBytes);

    public long TotalBytes => Volatile.Read(ref _totalBytes);

    public void Expect(long bytes) => Interlocked.Add(ref _totalBytes, bytes);

    /// <exception cref="OperationCanceledException">The load was cancelled.</exception>
    public void Advance(long bytes)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Interlocked.Add(ref _doneBytes, bytes);
    }
}
