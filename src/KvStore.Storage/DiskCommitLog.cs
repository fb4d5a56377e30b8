using System.Threading.Tasks.Sources;

namespace KvStore.Storage;

/// <summary>
/// The commit log on local disk. With <see cref="FlushMode.Always"/>, every acknowledged commit survives a crash of the process
/// and a power cut. docs/adr/0004-log-on-disk.md explains the design.
/// </summary>
/// <remarks>
/// A batch is written and flushed on the thread that calls <see cref="CommitAsync"/>, because a switch of threads takes as long as a quarter of
/// a flush. At most one thread of the pool waits for the disk, and only as long as flushes are short: a slow disk is left to a thread of the log's own, which
/// also flushes by time, loads and ends. <see cref="ICommitLog"/> says who may call its members; any thread may call the others.
/// </remarks>
public sealed class DiskCommitLog : ICommitLog, IValueTaskSource<Outcome[]>
{
    // Ten times what a switch to the log's thread and back takes: for a slower disk it makes no difference, and threads of the pool do not wait.
    private static readonly TimeSpan InlineFlushMax = TimeSpan.FromMilliseconds(1);

    private readonly LogCore _core;
    private readonly Thread _thread;
    private readonly AutoResetEvent _wake = new(false);
    private readonly TaskCompletionSource _followed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ICommitFollower? _follower;
    private int _disposed;

    // Apart from _disposed, because the thread ends the checkpoints as well, and they are stopped before:
    //   T1 (DisposeAsync): sets one flag for both
    //   T2 (the thread):   was woken by a commit, sees the flag, disposes of the checkpoints
    //   T1:                stops them, which throws
    private volatile bool _isEnding;

    // Held by the thread that commits, and by the log's thread when it flushes and when it ends.
    private readonly Lock _gate = new();

    // The batch that waits for the thread, and its answer. The owner loop does not continue on the thread of the log, which has flushes to do.
    private IReadOnlyList<Transaction>? _batch;
    private ManualResetValueTaskSourceCore<Outcome[]> _answer = new() { RunContinuationsAsynchronously = true };

    /// <summary>Creates a log. Nothing on the disk is touched before <see cref="FollowAsync"/>.</summary>
    /// <param name="options">The directory and the limits.</param>
    /// <param name="time">The clock for the timestamps of entries.</param>
    /// <param name="report">Receives events for an operator. Called on the log's threads; it must not throw and should be fast.</param>
    /// <param name="metrics">The instruments. Without them nothing is measured.</param>
    /// <exception cref="ArgumentException">A limit is out of its range.</exception>
    public DiskCommitLog(DiskLogOptions options, TimeProvider time, Action<DiskLogEvent> report, StoreMetrics? metrics = null)
        : this(new LinuxDisk(options.Directory), options, time, report, RunInBackground, metrics)
    {
    }

    internal DiskCommitLog(IDisk disk, DiskLogOptions options, TimeProvider time, Action<DiskLogEvent> report, Action<Action> runInBackground, StoreMetrics? metrics = null)
    {
        options.Validate();
        _core = new LogCore(disk, options, time, report, runInBackground, metrics);
        _thread = new Thread(Run) { IsBackground = true, Name = "log" };
    }

    /// <summary>The state of the log now.</summary>
    public DiskLogStatus Status => _core.Status;

    /// <inheritdoc/>
    public StoreId StoreId => _core.StoreId;

    /// <inheritdoc/>
    /// <remarks>Never faults: a log whose disk has failed is closed, takes no commits, and its store serves reads.</remarks>
    public Task Completion => _ended.Task;

    /// <inheritdoc/>
    public CommitLogConnection? Connection => null;

    private ICommitFollower Follower => _follower ?? throw new InvalidOperationException($"Call {nameof(FollowAsync)} first.");

    /// <inheritdoc/>
    /// <exception cref="DiskLogException">The log is damaged, in use, or cannot be read. It is closed and served nothing.</exception>
    public async ValueTask FollowAsync(ICommitFollower follower, CancellationToken cancellationToken)
    {
        if (_follower is not null)
            throw new InvalidOperationException("A log has one follower.");
        _follower = follower;
        using (ExecutionContext.SuppressFlow())
            _thread.Start(new LoadProgress(cancellationToken));
        await _followed.Task.ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask<Outcome[]> CommitAsync(IReadOnlyList<Transaction> batch, CancellationToken cancellationToken)
    {
        _ = Follower; // Throws before FollowAsync.
        if (_core.FlushTime <= InlineFlushMax)
            return ValueTask.FromResult(Commit(batch));
        _answer.Reset();
        var answer = new ValueTask<Outcome[]>(this, _answer.Version);
        Volatile.Write(ref _batch, batch);
        _wake.Set();
        return answer;
    }

    /// <inheritdoc/>
    public ValueTask<long?> BarrierAsync(CancellationToken cancellationToken) => ValueTask.FromResult<long?>(Follower.Latest.Revision);

    /// <summary>Writes a checkpoint of the current or a later state, and deletes what it covers. Does nothing if there is one already.</summary>
    /// <param name="cancellationToken">Ends the wait, not the checkpoint.</param>
    /// <exception cref="DiskLogException">The checkpoint failed; the previous files are intact.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled, or the log was disposed of.</exception>
    /// <exception cref="InvalidOperationException">The log is not open.</exception>
    public Task<DiskCheckpoint> CheckpointAsync(CancellationToken cancellationToken) =>
        _core is { Phase: DiskLogPhase.Open, Checkpointer: { } checkpointer }
            ? checkpointer.WriteAsync(() => Follower.Latest, cancellationToken)
            : throw new InvalidOperationException("The log is not open.");

    /// <summary>Flushes, cancels a running checkpoint, and releases the directory lock.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            await _ended.Task.ConfigureAwait(false);
            return;
        }

        if (_core.Checkpointer is { } checkpointer)
            await checkpointer.StopAsync().ConfigureAwait(false);
        if (_follower is null)
            _ended.TrySetResult();
        _isEnding = true;
        _wake.Set();
        await _ended.Task.ConfigureAwait(false);
        _wake.Dispose();
    }

    Outcome[] IValueTaskSource<Outcome[]>.GetResult(short token) => _answer.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<Outcome[]>.GetStatus(short token) => _answer.GetStatus(token);

    void IValueTaskSource<Outcome[]>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _answer.OnCompleted(continuation, state, token, flags);

    private static void RunInBackground(Action action)
    {
        using (ExecutionContext.SuppressFlow())
            new Thread(() => action()) { IsBackground = true, Name = "log checkpoint" }.Start();
    }

    private void Run(object? progress)
    {
        if (Open((LoadProgress)progress!))
        {
            while (!_isEnding)
            {
                // Rounded up, or the wait would end early and the loop spin.
                _wake.WaitOne(FlushDue() is { } due ? TimeSpan.FromMilliseconds(Math.Max(Math.Ceiling(due.TotalMilliseconds), 0)) : Timeout.InfiniteTimeSpan);
                if (Interlocked.Exchange(ref _batch, null) is { } batch)
                    Answer(batch);
                lock (_gate)
                    _core.FlushIfDue();
            }

            lock (_gate)
                _core.Finish();
        }

        _ended.TrySetResult();
    }

    private Outcome[] Commit(IReadOnlyList<Transaction> batch)
    {
        lock (_gate)
        {
            var wasDue = _core.FlushDue is not null;
            var outcomes = _core.Commit(batch);

            // The log's thread may be waiting without an end.
            if (!wasDue && _core.FlushDue is not null)
                _wake.Set();
            return outcomes;
        }
    }

    private TimeSpan? FlushDue()
    {
        lock (_gate)
            return _core.FlushDue;
    }

    private bool Open(LoadProgress progress)
    {
        try
        {
            _core.Open(_follower!, progress);
            _followed.SetResult();
            return true;
        }
        catch (Exception exception)
        {
            _followed.SetException(exception);
            return false;
        }
    }

    private void Answer(IReadOnlyList<Transaction> batch)
    {
        Outcome[] outcomes;
        try
        {
            outcomes = Commit(batch);
        }
        catch (Exception exception)
        {
            _answer.SetException(exception);
            return;
        }

        _answer.SetResult(outcomes);
    }
}
