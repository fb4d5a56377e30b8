
namespace KvStore.Storage.Tests;

/// <summary>What the log does by the clock, and what it does not hold up.</summary>
public sealed class PaceTests : IDisposable
{
    private const int MebiBytes = 1 << 20;

    private readonly TemporaryDirectory _directory = new();
    private readonly ObservedTime _time = new();
    private readonly SnapshotPublisher _follower = new(new StoreOptions(), new FakeTimeProvider());

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(MebiBytes, 6)]
    [InlineData(2 * MebiBytes, 3)]
    [InlineData(long.MaxValue, 0)]
    public async Task Checkpoint_RateLimited_TakesTime(long bytesPerSecondMax, int seconds)
    {
        _time.TimerCreated = _time.Advance;
        await using var log = await OpenAsync(new LinuxDisk(_directory.New()), new() { Directory = "unused", CheckpointBytesPerSecondMax = bytesPerSecondMax });
        await FillAsync(log, mebiBytes: 6);
        await log.CheckpointAsync(Token);

        // What comes after the last step is not waited for.
        Assert.InRange(_time.Elapsed.TotalSeconds, Math.Max(0, seconds - 1), seconds + 0.1);
    }

    [Fact]
    public async Task Commit_DuringCheckpoint_IsNotBlocked()
    {
        var directory = _directory.New();
        var options = new DiskLogOptions { Directory = directory, CheckpointBytesPerSecondMax = 1, SegmentBytesMax = MebiBytes };
        await using (var log = await OpenAsync(new LinuxDisk(directory), options))
        {
            await FillAsync(log, mebiBytes: 3);
            var before = _follower.Latest.Revision;
            var waits = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _time.TimerCreated = _ => waits.TrySetResult();
            var checkpoint = log.CheckpointAsync(Token);
            await waits.Task.Within();
            for (var i = 0; i < 2000; i++)
                Assert.IsType<Outcome.Committed>(Assert.Single(await log.CommitAsync([Some.Transaction(Some.Put($"later{i % 300}", new string('v', 1000)))], Token).AsTask().Within()));

            Assert.True(log.Status.CheckpointRuns);
            Assert.InRange(_follower.Memory.Snapshots.Bytes, 1, long.MaxValue);
            Assert.False(checkpoint.IsCompleted);
            _time.Advance(TimeSpan.FromDays(365));
            Assert.Equal(before, (await checkpoint.Within()).Revision);
            Assert.Equal(0, _follower.Memory.Snapshots.Bytes);
        }

        var again = new SnapshotPublisher(new StoreOptions(), new FakeTimeProvider());
        await using var reopened = new DiskCommitLog(options, new FakeTimeProvider(), _ => { });
        await reopened.FollowAsync(again, Token);
        Assert.Equal(States.Describe(_follower.Latest), States.Describe(again.Latest));
    }

    [Fact]
    public async Task Flush_Interval_RunsWhenDue()
    {
        var flushes = 0;
        var disk = new FakeDisk(new Random(1));
        var core = new LogCore(disk.Start(), IntervalOf(TimeSpan.FromSeconds(5)), _time, _ => { }, action => action());
        core.Open(_follower, new LoadProgress(Token));
        disk.Before = (operation, _) => flushes += operation == DiskOperation.Flush ? 1 : 0;

        Assert.Null(core.FlushDue);
        core.Commit([Some.Transaction(Some.Put("a"))]);
        _time.Advance(TimeSpan.FromSeconds(4.9));
        core.Commit([Some.Transaction(Some.Put("b"))]);
        core.FlushIfDue();
        Assert.Equal((0, TimeSpan.FromSeconds(0.1)), (flushes, core.FlushDue));

        _time.Advance(TimeSpan.FromSeconds(0.1));
        core.FlushIfDue();
        Assert.Equal((1, null), (flushes, core.FlushDue));

        // A loop that never rests is flushed by the commit that comes too late, and so no commit waits longer.
        core.Commit([Some.Transaction(Some.Put("c"))]);
        _time.Advance(TimeSpan.FromSeconds(5));
        core.Commit([Some.Transaction(Some.Put("d"))]);
        Assert.Equal((2, null), (flushes, core.FlushDue));
        core.Finish();
    }

    [Fact]
    public async Task Flush_IntervalWithoutCommit_IsDoneByLog()
    {
        var flushed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var disk = new FakeDisk(new Random(1));
        await using var log = await OpenAsync(disk.Start(), IntervalOf(TimeSpan.FromMilliseconds(5)));
        disk.After = (operation, _) =>
        {
            if (operation == DiskOperation.Flush)
                flushed.TrySetResult();
        };
        await log.CommitAsync([Some.Transaction(Some.Put("a"))], Token);
        Assert.False(flushed.Task.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(5));
        await flushed.Task.Within();
    }

    public void Dispose() => _directory.Dispose();

    private static DiskLogOptions IntervalOf(TimeSpan interval) => new() { Directory = "/fake", FlushMode = FlushMode.Interval, FlushInterval = interval };

    private async Task<DiskCommitLog> OpenAsync(IDisk disk, DiskLogOptions options)
    {
        var log = new DiskCommitLog(disk, options, _time, _ => { }, action => new Thread(() => action()).Start());
        await log.FollowAsync(_follower, Token);
        return log;
    }

    private static async Task FillAsync(DiskCommitLog log, int mebiBytes)
    {
        for (var i = 0; i < mebiBytes; i++)
            await log.CommitAsync([.. Enumerable.Range(0, 64).Select(j => Some.Transaction(Some.Put($"key{i}.{j}", new string('v', MebiBytes / 64))))], Token);
    }
}
