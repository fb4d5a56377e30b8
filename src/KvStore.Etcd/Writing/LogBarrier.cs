using KvStore.Etcd.Protocol;

namespace KvStore.Etcd;

/// <summary>
/// Makes sure that this replica has everything that any replica has acknowledged: asks etcd how far the log reaches, and waits until it is applied. Thread-safe.
/// </summary>
/// <remarks>
/// At most one question is under way. A caller who arrives meanwhile joins the next one, because a commit may have been acknowledged after
/// the one under way was answered.
/// </remarks>
internal sealed class LogBarrier(IEtcd etcd, EtcdLayout layout, LogState state, Delivery delivery, Contact contact, EtcdLogOptions options, TimeProvider time)
{
    // etcd forgets its history in steps of at least this many revisions, unless it is configured otherwise.
    private const int RevisionsAheadMax = 500;

    private readonly Lock _lock = new();
    private TaskCompletionSource<Answer>? _next;
    private bool _isAsking;

    // Others write to etcd, and what this replica has applied falls behind, where a compaction would reach it. A write of the log's own moves it.
    private volatile bool _mustMove;

    /// <summary>Passes a barrier.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Whether every record that was written before the call is applied; false if etcd or its watch does not answer in time.</returns>
    /// <exception cref="LogLostException">etcd has gone back.</exception>
    public async Task<bool> TryPassAsync(CancellationToken cancellationToken)
    {
        try
        {
            var deadline = delivery.After(options.CommitTimeout, cancellationToken);
            var answer = await delivery.CallAsync(token => JoinAsync().WaitAsync(token), deadline).ConfigureAwait(false);
            state.CheckForLoss(answer.Revision, answer.Applied);
            if (!await delivery.WaitForAsync(answer.Last, deadline).ConfigureAwait(false))
                throw new EtcdException(EtcdFailure.Unknown, "etcd answers, but its watch does not deliver.");
            contact.Current(answer.AskedAt);
            return true;
        }
        catch (EtcdException exception)
        {
            contact.Lost(exception);
            return false;
        }
    }

    private Task<Answer> JoinAsync()
    {
        TaskCompletionSource<Answer> joined;
        lock (_lock)
        {
            joined = _next ??= new TaskCompletionSource<Answer>(TaskCreationOptions.RunContinuationsAsynchronously);
            if (_isAsking)
                return joined.Task;
            _isAsking = true;
        }

        _ = AskWhileWantedAsync();
        return joined.Task;
    }

    private async Task AskWhileWantedAsync()
    {
        while (true)
        {
            TaskCompletionSource<Answer> asking;
            lock (_lock)
            {
                if (_next is not { } next)
                {
                    _isAsking = false;
                    return;
                }

                (asking, _next) = (next, null);
            }

            try
            {
                asking.TrySetResult(await AskAsync().ConfigureAwait(false));
            }
            catch (Exception exception)
            {
                asking.TrySetException(exception);
            }
        }
    }

    private async Task<Answer> AskAsync()
    {
        var (askedAt, applied) = (time.GetTimestamp(), state.Applied.Position);
        if (etcd.IsReadSafe && !_mustMove)
        {
            var head = await etcd.RangeAsync(new RangeRequest { Key = layout.Head, KeysOnly = true }, CancellationToken.None).ConfigureAwait(false);
            _mustMove = head.Header.Revision - applied > RevisionsAheadMax;
            return new Answer(head.Kvs is [var found] ? found.ModRevision : 0, head.Header.Revision, askedAt, applied);
        }

        _mustMove = false;
        var put = new RequestOp { RequestPut = new PutRequest { Key = layout.Barrier } };
        var written = await etcd.TxnAsync(new TxnRequest { Success = { put } }, CancellationToken.None).ConfigureAwait(false);
        return new Answer(written.Header.Revision, written.Header.Revision, askedAt, applied);
    }

    /// <param name="Last">The revision of etcd that the log must be applied up to, to have every record.</param>
    /// <param name="Revision">The revision of etcd.</param>
    /// <param name="AskedAt">A moment before the question, as a timestamp.</param>
    /// <param name="Applied">What was applied at that moment.</param>
    private readonly record struct Answer(long Last, long Revision, long AskedAt, long Applied);
}
