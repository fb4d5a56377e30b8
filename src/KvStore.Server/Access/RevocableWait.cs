namespace KvStore.Server;

/// <summary>
/// A wait that ends when its client leaves, or may not wait any longer because its key was removed, changed or has expired. Belongs to one request,
/// which disposes of it.
/// </summary>
internal readonly struct RevocableWait : IDisposable
{
    private readonly CancellationToken _aborted;
    private readonly CancellationToken _revoked;
    private readonly CancellationTokenSource? _either;

    private RevocableWait(CancellationToken aborted, CancellationToken revoked)
    {
        (_aborted, _revoked) = (aborted, revoked);
        _either = revoked.CanBeCanceled ? CancellationTokenSource.CreateLinkedTokenSource(aborted, revoked) : null;
    }

    /// <summary>Cancelled at the end.</summary>
    public CancellationToken Token => _either?.Token ?? _aborted;

    /// <summary>Whether it ended for the client's key, and the client is still there.</summary>
    public bool IsRevoked => _revoked.IsCancellationRequested && !_aborted.IsCancellationRequested;

    public static RevocableWait Begin(HttpContext context) => new(context.RequestAborted, Access.Of(context).Revoked);

    public void Dispose() => _either?.Dispose();
}
