namespace KvStore.Origins;

/// <summary>Tells an origin what a key is. Neither waits for tokens nor retries: that is the work of those who call it. Thread-safe.</summary>
public interface IOriginSink
{
    /// <summary>Writes one key in one call.</summary>
    /// <param name="write">What the key is.</param>
    /// <param name="cancellationToken">Ends the call, which may have reached the origin.</param>
    /// <returns>What came of it. What fails is a <see cref="WriteResult.Failed"/>, not an exception.</returns>
    /// <exception cref="OperationCanceledException">The call was cancelled.</exception>
    Task<WriteResult> WriteAsync(OriginWrite write, CancellationToken cancellationToken);
}
