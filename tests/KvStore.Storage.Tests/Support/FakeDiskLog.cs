namespace KvStore.Storage.Tests;

/// <summary>A log on a fake disk that a test fills and breaks. What runs in the background runs at once.</summary>
internal sealed class FakeDiskLog(DiskLogOptions options) : IAsyncDisposable
{
    public FakeDisk Disk { get; } = new(new Random(1));

    public FakeTimeProvider Time { get; } = new();

    public List<DiskLogEvent> Events { get; } = [];

    /// <summary>Since <see cref="OpenAsync"/>.</summary>
    public DiskCommitLog Log { get; private set; } = null!;

    /// <inheritdoc cref="Log"/>
    public SnapshotPublisher Follower { get; private set; } = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => Log?.DisposeAsync() ?? ValueTask.CompletedTask;

    /// <summary>Starts a log, on this disk unless another is given.</summary>
    public async Task OpenAsync(FakeDisk? disk = null)
    {
        Follower = new SnapshotPublisher(new StoreOptions(), Time);
        Log = new DiskCommitLog((disk ?? Disk).Start(), options, Time, Events.Add, action => action());
        await Log.FollowAsync(Follower, Token);
    }

    public async Task<Outcome> SubmitAsync(Operation operation) => Assert.Single(await Log.CommitAsync([Some.Transaction(operation)], Token));

    public async Task CommitAsync(Operation operation) => Assert.IsType<Outcome.Committed>(await SubmitAsync(operation));

    /// <summary>Opens it again after a power cut, so that only what was flushed counts.</summary>
    /// <returns>The state before.</returns>
    public async Task<Snapshot> CutPowerAsync()
    {
        var before = Follower.Latest;
        _ = Disk.Start();
        await Log.DisposeAsync();
        Disk.CutPower();
        await OpenAsync();
        return before;
    }

    public async Task ReopensAsTheSameAsync()
    {
        var before = await CutPowerAsync();
        Has(before);
        Assert.Equal(before.Revision + LogRecovery.CrashJump, Follower.Latest.Revision);
    }

    /// <summary>Asserts that it has the entries of a snapshot.</summary>
    public void Has(Snapshot expected) => Assert.Equal(Describe(expected), Describe(Follower.Latest));

    private static IEnumerable<string> Describe(Snapshot snapshot) => snapshot.Scan(default).Select(entry => States.Describe(entry));
}
