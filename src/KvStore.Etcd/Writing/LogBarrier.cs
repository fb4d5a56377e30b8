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
            if (!await delivery.WaitForRecordsAsync(answer.Count, answer.Last, deadline).ConfigureAwait(false))
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
        var read = new RangeRequest { Key = layout.Head, KeysOnly = true };
        var moves = _mustMove;
        _mustMove = false;
        RangeResponse found;
        long revision;
        if (etcd.IsReadSafe && !moves)
        {
            found = await etcd.RangeAsync(read, CancellationToken.None).ConfigureAwait(false);
            revision = found.Header.Revision;
        }
        else
        {
            // What is not only a read passes through the log of etcd's members and is executed after everything before it, whatever a read would be answered
            // from. A deletion that finds nothing changes nothing, not even the revision, and needs no space.
            var passes = moves
                ? new RequestOp { RequestPut = new PutRequest { Key = layout.Barrier } }
                : new RequestOp { RequestDeleteRange = new DeleteRangeRequest { Key = layout.Nothing } };
            var passed = await etcd.TxnAsync(new TxnRequest { Success = { passes, new RequestOp { RequestRange = read } } }, CancellationToken.None).ConfigureAwait(false);
            found = passed.Responses[1].ResponseRange;
            revision = passed.Header.Revision;
        }

        // Not after one that has moved: the watch brings what was written a moment later.
        _mustMove = !moves && revision - applied > RevisionsAheadMax;
        var head = found.Kvs.FirstOrDefault();
        return new Answer(head?.Version ?? 0, moves ? revision : head?.ModRevision ?? 0, revision, askedAt, applied);
    }

    /// <param name="Count">How many records there are.</param>
    /// <param name="Last">The revision of etcd that the watch must have delivered, to have brought every record.</param>
    /// <param name="Revision">The revision of etcd.</param>
    /// <param name="AskedAt">A moment before the question, as a timestamp.</param>
    /// <param name="Applied">What was applied at that moment.</param>
    private readonly record struct Answer(long Count, long Last, long Revision, long AskedAt, long Applied);
}
