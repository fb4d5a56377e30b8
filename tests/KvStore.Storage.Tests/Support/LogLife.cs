
namespace KvStore.Storage.Tests;

/// <summary>
/// The life of a log on a fake disk: starts, batches, checkpoints, clean ends, kills, failed flushes and power cuts, all chosen
/// by one seed. After every start it compares the log with the model.
/// </summary>
internal sealed class LogLife : IAsyncDisposable
{
    private const int TooManyOpenFiles = 24;

    private readonly Random _random;
    private readonly FakeDisk _disk;
    private readonly FakeTimeProvider _time = new();
    private readonly LogModel _model;
    private readonly DiskLogOptions _options;
    private readonly LogValues _values;

    private DiskCommitLog? _log;
    private SnapshotPublisher? _follower;
    private int _operationsUntilPowerCut = int.MaxValue;
    private bool _flushFails;
    private DiskOperation? _failing;
    private bool _isNested;
    private Exception? _nestedFailure;

    public LogLife(int seed)
    {
        _random = new Random(seed);
        _disk = new FakeDisk(_random) { Before = Before, After = After, FlushFails = FlushFails };
        _disk.CanReserve = _random.Next(2) == 0;
        _model = new LogModel(_time);
        _values = new LogValues(_random, _disk);
        _options = new DiskLogOptions
        {
            Directory = "/fake",
            FlushMode = _random.Next(4) == 0 ? FlushMode.Interval : FlushMode.Always,
            FlushInterval = TimeSpan.FromHours(1),
            SegmentBytesMax = _values.AreLarge ? 16 << 20 : _random.Next(300, 4000),
            ReserveBytes = _random.Next(3) * 700,
            EmergencyReserveBytes = _random.Next(3) * _random.Next(2000),
            CheckpointLogBytesMin = _random.Next(1000, 8000),
            CheckpointBytesPerSecondMax = long.MaxValue,
            ReplayedCommitsMax = _random.Next(2) * 5,
            CheckpointRetryDelay = TimeSpan.Zero,
        };
    }

    public async Task RunAsync()
    {
        for (var round = 0; round < 4; round++)
        {
            await StartAsync();
            var batches = _random.Next(12);
            _operationsUntilPowerCut = _random.Next(4) == 0 ? int.MaxValue : _random.Next(1 + (batches * 4));
            _flushFails = _random.Next(12) == 0;
            _failing = NextFailing();
            for (var i = 0; i < batches && _log!.Status.Phase == DiskLogPhase.Open; i++)
                await CommitAsync();
            await EndAsync();
        }

        await StartAsync();
        await EndAsync();
        if (_nestedFailure is { } failure)
            throw failure;
    }

    public ValueTask DisposeAsync() => _log?.DisposeAsync() ?? ValueTask.CompletedTask;

    // Until a start succeeds: the power may fail during recovery, too.
    private async Task StartAsync()
    {
        for (var attempt = 0; ; attempt++)
        {
            if (_random.Next(3) == 0)
                LostFile.Check(_disk, _random, _model);
            _operationsUntilPowerCut = attempt < 3 && _random.Next(3) == 0 ? _random.Next(20) : int.MaxValue;
            _disk.CapacityBytes = attempt < 3 && _random.Next(4) == 0 ? _disk.UsedBytes + _random.Next(100) : long.MaxValue;
            _failing = NextFailing();
            _follower = new SnapshotPublisher(new StoreOptions(), _time);
            _log = new DiskCommitLog(_disk.Start(), _options, _time, _ => { }, action => action());
            try
            {
                await _log.FollowAsync(_follower, CancellationToken.None).ConfigureAwait(false);
                break;
            }
            catch (DiskLogException exception) when (exception.Problem == DiskLogProblem.Failed)
            {
                await _log.DisposeAsync().ConfigureAwait(false);
                if (_random.Next(2) == 0)
                    _disk.CutPower();
            }
        }

        _operationsUntilPowerCut = int.MaxValue;
        _disk.CapacityBytes = long.MaxValue;
        var revision = _follower!.Latest.Revision;

        // All that was read is on the disk now: others may have seen it.
        _model.Continue(revision);
        foreach (var at in _model.RevisionsFrom(_follower.OldestRevision))
            _model.Check(_follower.FindSnapshot(at)!);
        foreach (var (above, below) in _model.Gaps.Where(gap => gap.Below - gap.Above > 1))
            CheckLost(_random.Next(2) == 0 ? above + 1 : _random.NextInt64(above + 1, below));
    }

    // A client may have seen it before its commit was lost.
    private void CheckLost(long revision)
    {
        Assert.Null(_follower!.FindSnapshot(revision));
        Assert.Null(_follower!.CommitsBetween(revision, _follower.Latest.Revision));
    }

    private async Task CommitAsync()
    {
        _time.Advance(TimeSpan.FromMilliseconds(_random.Next(2)));
        var before = _model.Last;
        var batch = _model.Next(_random, _values.Next);
        var end = _model.Last;
        if (_random.Next(10) == 0)
            _disk.CapacityBytes = _disk.UsedBytes + _random.Next(300);
        var outcomes = await _log!.CommitAsync(batch, CancellationToken.None).ConfigureAwait(false);
        _disk.CapacityBytes = long.MaxValue;
        if (outcomes.All(outcome => outcome is Outcome.Committed))
        {
            if (_options.FlushMode == FlushMode.Always)
                _model.Promised = Math.Max(_model.Promised, end);
            _model.Check(_follower!.Latest);
            return;
        }

        // On a full disk, those that add nothing are committed, each batch of them on its own. An extension of what was not applied conflicts.
        _model.ReturnTo(before);
        var committed = _model.TakeAll(batch.Zip(outcomes).Where(one => one.Second is Outcome.Committed).Select(one => one.First));
        Assert.Equal(committed, _follower!.Latest.Revision);
        if (_options.FlushMode == FlushMode.Always)
            _model.Promised = Math.Max(_model.Promised, committed);
        _model.Check(_follower!.Latest);
        Assert.All(outcomes, outcome => Assert.True(outcome is Outcome.Committed or Outcome.Unknown or Outcome.Rejected { Reason: RejectionReason.Conflict } or Outcome.NotApplied { Reason: NotAppliedReason.NoSpace or NotAppliedReason.LogClosed }));
        if (!outcomes.Any(outcome => outcome is Outcome.Unknown))
            return;
        _model.TakeAll(batch.Zip(outcomes).Where(one => one.Second is Outcome.Unknown).Select(one => one.First));
        var late = await _log.CommitAsync([Some.Transaction(Some.Put("late"))], CancellationToken.None).ConfigureAwait(false);
        Stores.IsNotApplied(Assert.Single(late), NotAppliedReason.LogClosed);
    }

    private async Task EndAsync()
    {
        var killed = _operationsUntilPowerCut < 0 || _random.Next(2) == 0;
        if (!killed)
            _operationsUntilPowerCut = _random.Next(3) == 0 ? _random.Next(4) : int.MaxValue;
        else
            _disk.Start();
        await _log!.DisposeAsync().ConfigureAwait(false);
        if (!killed && _operationsUntilPowerCut >= 0 && _log.Status.ClosedReason is null)
            _model.Promised = _model.Last;
        // Without a cut it was a kill in the middle of something, whose unflushed writes the next start still sees.
        if (_random.Next(3) > 0)
            _disk.CutPower();
        _operationsUntilPowerCut = int.MaxValue;
    }

    private void Before(DiskOperation operation, string name)
    {
        // Commits continue while a checkpoint is written.
        if (name.EndsWith(".checkpoint.tmp", StringComparison.Ordinal) && operation is DiskOperation.Write or DiskOperation.Flush &&
            !_isNested && _disk.CapacityBytes == long.MaxValue && _log!.Status.Phase == DiskLogPhase.Open && _random.Next(3) == 0)
            CommitWithin();
        if (operation is DiskOperation.Read or DiskOperation.List or DiskOperation.Open or DiskOperation.Lock)
            return;
        if (_operationsUntilPowerCut-- == 0)
            _disk.Start();
        if (operation == _failing && (operation == DiskOperation.Rename || name.EndsWith(FileNames.Unfinished, StringComparison.Ordinal)))
        {
            _failing = null;
            throw FakeDiskSession.Failure($"{operation}", name, TooManyOpenFiles);
        }
    }

    // What may fail without harm to the log: everything on a file that has no name yet.
    private DiskOperation? NextFailing() => _random.Next(6) switch
    {
        0 => DiskOperation.Create,
        1 => DiskOperation.Write,
        2 => DiskOperation.Flush,
        3 => DiskOperation.Rename,
        _ => null,
    };

    private bool FlushFails()
    {
        if (!_flushFails || _random.Next(8) > 0)
            return false;
        _flushFails = false;
        return true;
    }

    // Half of the power cuts come right after an operation instead of right before it.
    private void After(DiskOperation operation, string name)
    {
        if (operation is not (DiskOperation.Read or DiskOperation.List) && _operationsUntilPowerCut == 0 && _random.Next(2) == 0)
        {
            _operationsUntilPowerCut = -1;
            _disk.Start();
        }
    }

    private void CommitWithin()
    {
        _isNested = true;
        var commit = CommitAsync();
        _isNested = false;

        // Thrown later, because here the log would take it for a failed checkpoint.
        if (!commit.IsCompletedSuccessfully)
            _nestedFailure ??= (Exception?)commit.Exception ?? new InvalidOperationException("The commit did not complete in the log's thread.");
    }
}
