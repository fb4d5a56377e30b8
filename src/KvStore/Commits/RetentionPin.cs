namespace KvStore;

/// <summary>
/// Retains recent commits in a <see cref="History"/> that has more bytes than its limit, so that one large commit is not dropped before
/// the holder has read it. Limits of number and age still apply. Any thread may use it.
/// </summary>
internal sealed class RetentionPin : IDisposable
{
    private readonly History _history;
    private long _retainedAfter;

    internal RetentionPin(History history, long retainedAfter) => (_history, _retainedAfter) = (history, retainedAfter);

    /// <summary>Commits after this revision are retained. The history looks at it when the next commits are added.</summary>
    public long RetainedAfter
    {
        get => Volatile.Read(ref _retainedAfter);
        set => Volatile.Write(ref _retainedAfter, value);
    }

    /// <summary>Releases the pin; the next commits free what only it retained. May be called twice.</summary>
    public void Dispose() => _history.Release(this);
}
