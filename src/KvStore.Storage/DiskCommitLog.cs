using System.Threading.Tasks.Sources;

namespace KvStore.Storage;

/// <summary>
/// The commit log on local disk. What it has acknowledged is on the disk, whatever happens to the process or the power
/// (<see cref="FlushMode.Always"/>). docs/adr/0004-log-on-disk.md says why it is made the way it is.
/// </summary>
/// <remarks>
/// One thread of its own writes and flushes, so that no thread of the pool ever waits for the disk. The owner loop goes on
/// in that thread when a batch is done and calls <see cref="CommitAsync"/> from there: while there is work, a batch costs no
/// change of thread. Who may call what is as <see cref="ICommitLog"/> says; the other members are for any thread.
/// </remarks>
public sealed class DiskCommitLog : ICommitLog, IValueTaskSource<Outcome[]>
{
    private readonly LogCore _core;
    private readonly Thread _thread;
    private readonly AutoResetEvent _wake = new(false);
    private readonly TaskCompletionSource _followed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ICommitFollower? _follower;
    private LoadProgress? _progress;
    private int _disposed;

    // The batch that the thread is to commit, and its answer.
    private IReadOnlyList<Transaction>? _batch;
    private ManualResetValueTaskSourceCore<Outcome[]> _answer;

    /// <summary>Makes a log that touches nothing before <see cref="FollowAsync"/>.</summary>
    /// <param name="options">Where it is, and its limits.</param>
    /// <param name="time">The clock that entries are stamped by.</param>
    /// <param name="report">Told what an operator may want to know; called by the log's threads, must not throw and should not take long.</param>
    /// <exception cref="ArgumentException">A limit is one that a log cannot work with.</exception>
    public DiskCommitLog(DiskLogOptions options, TimeProvider time, Action<DiskLogEvent> report)
        : this(new LinuxDisk(options.Directory), options, time, report, RunInBackground)
    {
    }

    internal DiskCommitLog(IDisk disk, DiskLogOptions options, TimeProvider time, Action<DiskLogEvent> report, Action<Action> runInBackground)
    {
        options.Validate();
        _core = new LogCore(disk, options, time, report, runInBackground);
        _thread = new Thread(Run) { IsBackground = true, Name = "log" };
    }

    /// <summary>What the log says of itself now.</summary>
    public DiskLogStatus Status
    {
        get
        {
            var checkpoint = _core.Checkpointer?.Last;
            return new DiskLogStatus(
                _core.Phase,
                _progress?.DoneBytes ?? 0,
                _progress?.TotalBytes ?? 0,
                _core.ClosedReason,
                _core.HasNoSpace,
                _core.Segments?.Count ?? 0,
                _core.Segments?.Bytes ?? 0,
                _core.FlushedRevision,
                _core.FlushedAt,
                checkpoint?.Revision ?? 0,
                checkpoint?.Bytes ?? 0,
                checkpoint?.At,
                _core.Checkpointer?.Runs ?? false);
        }
    }

    private ICommitFollower Follower => _follower ?? throw new InvalidOperationException($"Call {nameof(FollowAsync)} first.");

    /// <inheritdoc/>
    /// <exception cref="DiskLogException">The log is damaged, in use, or cannot be read. Nothing was served; the log is closed.</exception>
    public async ValueTask FollowAsync(ICommitFollower follower, CancellationToken cancellationToken)
    {
        if (_follower is not null)
            throw new InvalidOperationException("A log has one follower.");
        _follower = follower;
        _progress = new LoadProgress(cancellationToken);
        using (ExecutionContext.SuppressFlow())
            _thread.Start();
        await _followed.Task.ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask<Outcome[]> CommitAsync(IReadOnlyList<Transaction> batch, CancellationToken cancellationToken)
    {
        _ = Follower;
        if (Thread.CurrentThread == _thread)
            return ValueTask.FromResult(_core.Commit(batch));
        _answer.Reset();
        var answer = new ValueTask<Outcome[]>(this, _answer.Version);
        Volatile.Write(ref _batch, batch);
        _wake.Set();
        return answer;
    }

    /// <inheritdoc/>
    public ValueTask<long> BarrierAsync(CancellationToken cancellationToken) => ValueTask.FromResult(Follower.Latest.Revision);

    /// <summary>Writes a checkpoint of the present state or a later one, and deletes what it covers. Does nothing if there is one already.</summary>
    /// <param name="cancellationToken">Ends the wait, not the checkpoint.</param>
    /// <exception cref="DiskLogException">It failed; what was on the disk before is whole.</exception>
    /// <exception cref="OperationCanceledException">The wait was ended, or the log was disposed of.</exception>
    /// <exception cref="InvalidOperationException">The log is not open.</exception>
    public Task<DiskCheckpoint> CheckpointAsync(CancellationToken cancellationToken) =>
        _core is { Phase: DiskLogPhase.Open, Checkpointer: { } checkpointer }
            ? checkpointer.MakeAsync(() => Follower.Latest, cancellationToken)
            : throw new InvalidOperationException("The log is not open.");

    /// <summary>Flushes, and gives the directory back. A checkpoint that is being written is given up.</summary>
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

    private void Run()
    {
        if (Open())
        {
            while (Volatile.Read(ref _disposed) == 0)
            {
                _wake.WaitOne(_core.FlushDue is { } due ? TimeSpan.FromMilliseconds(Math.Max(Math.Ceiling(due.TotalMilliseconds), 0)) : Timeout.InfiniteTimeSpan);
                if (Interlocked.Exchange(ref _batch, null) is { } batch)
                    Answer(batch);
                _core.FlushIfDue();
            }

            _core.Finish();
        }

        _ended.TrySetResult();
    }

    private bool Open()
    {
        try
        {
            _core.Open(_follower!, _progress!);
            _followed.SetResult();
            return true;
        }
        catch (Exception exception)
        {
            _followed.SetException(exception);
            return false;
        }
    }

    // The owner loop goes on inside of this, until it waits for something else than this log.
    private void Answer(IReadOnlyList<Transaction> batch)
    {
        Outcome[] outcomes;
        try
        {
            outcomes = _core.Commit(batch);
        }
        catch (Exception exception)
        {
            _answer.SetException(exception);
            return;
        }

        _answer.SetResult(outcomes);
    }
}
