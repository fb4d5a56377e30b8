namespace KvStore.Storage.Tests;

/// <summary>Which store a directory has, and how a start continues its revisions.</summary>
public sealed class StoreIdentityTests
{
    private readonly List<DiskLogEvent> _events = [];

    [Fact]
    public async Task Follow_EmptyDirectory_BeginsStoreWithoutJump()
    {
        var disk = new FakeDisk(new Random(1));
        var (id, revision) = await StartAsync(disk, isClosed: true);
        Assert.Equal(1, revision);
        Assert.Contains($"It was empty: store {id} begins.", _events[0].Message, StringComparison.Ordinal);
        Assert.Equal((id, 2), await StartAsync(disk, isClosed: true));
        Assert.EndsWith(" ms.", _events[1].Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(FlushMode.Always)]
    [InlineData(FlushMode.Interval)]
    public async Task Follow_NotClosed_JumpsOnceForEachStart(FlushMode mode)
    {
        var disk = new FakeDisk(new Random(1));
        var (id, _) = await StartAsync(disk, isClosed: false, mode);
        disk.CutPower();
        var (again, second) = await StartAsync(disk, isClosed: true, mode);
        Assert.Equal(id, again);
        Assert.Contains($"ms. It was not closed cleanly, so the next revision is {second} instead of {second - LogRecovery.CrashJump}: ", _events[^1].Message, StringComparison.Ordinal);

        // What an unflushed log loses must not come again with another content.
        Assert.Equal(LogRecovery.CrashJump, second - (second % LogRecovery.CrashJump));
        Assert.Equal((id, second + 1), await StartAsync(disk, isClosed: false, mode));
        Assert.Equal(second + 2 + LogRecovery.CrashJump, (await StartAsync(disk, isClosed: true, mode)).Revision);
        Assert.Null(DiskLogTool.Verify(disk.Start()).Damage);
    }

    [Fact]
    public async Task Follow_FirstStartWithoutSpaceForMarker_FailsAndNextStartBegins()
    {
        var disk = new FakeDisk(new Random(1));
        disk.Before = (operation, name) =>
        {
            if (operation == DiskOperation.Reserve)
                throw FakeDiskSession.NoSpace("reserve", name);
        };
        var refusal = await Assert.ThrowsAsync<DiskLogException>(() => StartAsync(disk, isClosed: true));
        Assert.True(refusal.IsNoSpace);
        disk.Before = (_, _) => { };
        Assert.InRange((await StartAsync(disk, isClosed: true)).Revision, 0, 10);
    }

    [Fact]
    public async Task Follow_CheckpointAlone_KeepsIdAndJumpsFar()
    {
        var files = await LogImage.MakeAsync(hasCheckpoint: true, isClosed: true);
        var (name, bytes) = files.Single(file => file.Key.EndsWith(".checkpoint", StringComparison.Ordinal));
        var disk = LogImage.DiskOf(new() { [name] = bytes });
        Assert.Null(DiskLogTool.Verify(disk.Start()).Damage);
        var (id, revision) = await StartAsync(disk, isClosed: true);
        Assert.Equal(IdOf(files), id);
        Assert.Equal(18 + LogRecovery.RestoreJump + 1, revision);
        Assert.Equal((id, revision + 1), await StartAsync(disk, isClosed: true));
    }

    // The log that was closed is an earlier copy: what followed it was reported to clients.
    [Fact]
    public async Task Follow_CheckpointNewerThanClosedLog_Jumps()
    {
        var disk = new FakeDisk(new Random(1));
        await StartAsync(disk, isClosed: true);
        var closed = LogImage.FilesOf(disk);
        await using (var log = new DiskCommitLog(disk.Start(), LogImage.Options, new FakeTimeProvider(), _ => { }, action => action()))
        {
            await log.FollowAsync(new SnapshotPublisher(new StoreOptions(), new FakeTimeProvider()), CancellationToken.None);
            await log.CommitAsync([Some.Transaction(Some.Put("k"))], CancellationToken.None);
            await log.CheckpointAsync(CancellationToken.None);
        }

        var files = LogImage.FilesOf(disk);
        var segment = Assert.Single(LogImage.SegmentsOf(files));
        files[segment] = closed[segment];
        var start = await StartAsync(LogImage.DiskOf(files), isClosed: true);
        Assert.Equal(2 + LogRecovery.CrashJump + 1, start.Revision);
    }

    // Each operation of a first start is the last one before a kill: the next start finds nothing, or what it needs.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Follow_FirstStartKilledAnywhere_NextOneSucceeds(bool isBackup)
    {
        var files = isBackup ? (await LogImage.MakeAsync(hasCheckpoint: true, isClosed: true)).Where(file => file.Key.EndsWith(".checkpoint", StringComparison.Ordinal)).ToDictionary() : [];
        for (var last = 0; ; last++)
        {
            var disk = LogImage.DiskOf(files);
            disk.FlushDirectory();
            var operations = 0;
            disk.Before = (operation, name) =>
            {
                if (operation is not (DiskOperation.Read or DiskOperation.List or DiskOperation.Open) && operations++ == last)
                    throw FakeDiskSession.Failure($"{operation}", name);
            };
            var isStarted = true;
            try
            {
                await StartAsync(disk, isClosed: true);
            }
            catch (DiskLogException)
            {
                isStarted = false;
            }

            disk.Before = (_, _) => { };
            if (last % 2 == 0)
                disk.CutPower();
            var (_, revision) = await StartAsync(disk, isClosed: true);
            Assert.True(isStarted || revision == (isBackup ? 18 + LogRecovery.RestoreJump + 1 : 1) || revision > LogRecovery.CrashJump, $"{last}: {revision}");
            if (operations <= last)
                break;
        }
    }

    [Fact]
    public async Task Renew_Copy_GetsAnotherIdAndKeepsEntries()
    {
        var disk = new FakeDisk(new Random(1));
        var (id, _) = await StartAsync(disk, isClosed: true);
        var first = DiskLogTool.Renew(disk.Start());
        var renewed = DiskLogTool.Renew(disk.Start());
        Assert.Equal(3, new HashSet<StoreId> { id, first, renewed }.Count);
        Assert.Null(DiskLogTool.Verify(disk.Start()).Damage);
        Assert.Equal((renewed, 2), await StartAsync(disk, isClosed: true));

        // The former id of files is known, one that no file has is forgotten.
        Assert.Equal([id], StoreFile.Read(disk.Start()).Former);
    }

    [Fact]
    public async Task Follow_FileOfAnotherStore_NamesBoth()
    {
        var files = await LogImage.MakeAsync(hasCheckpoint: false, isClosed: true);
        var other = await LogImage.MakeAsync(hasCheckpoint: false, isClosed: true);
        var name = LogImage.SegmentsOf(files)[^1];
        var refusal = Assert.Throws<DiskLogException>(() => LogImage.Open(new Dictionary<string, byte[]>(files) { [name] = other[name] }));
        Assert.Equal($"/fake/{name}", refusal.Path);
        Assert.Contains($"it was written for store {IdOf(other)}, and this directory has store {IdOf(files)}", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Follow_DirectoryOfOthers_IsRefusedUntouched()
    {
        var disk = LogImage.DiskOf(new() { ["readme.md"] = [1], ["photo.jpg"] = [2], ["lock"] = [] });
        var refusal = Assert.Throws<DiskLogException>(() => LogImage.OpenDisk(disk));
        Assert.Equal(DiskLogProblem.NoData, refusal.Problem);
        Assert.Contains("it has other files, such as photo.jpg and readme.md. Nothing was written to it.", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(3, disk.Files.Count);
        Assert.Equal(refusal.Message, Assert.Throws<DiskLogException>(() => DiskLogTool.Verify(disk.Start())).Message);
    }

    [Fact]
    public void Follow_NewFileSystem_BeginsStore() => Assert.Equal(0, LogImage.Open(new Dictionary<string, byte[]>() { ["lost+found"] = [], ["lock"] = [] }).Revision);

    private async Task<(StoreId Id, long Revision)> StartAsync(FakeDisk disk, bool isClosed, FlushMode mode = FlushMode.Always)
    {
        var follower = new SnapshotPublisher(new StoreOptions(), new FakeTimeProvider());
        var options = LogImage.Options with { FlushMode = mode, FlushInterval = TimeSpan.FromHours(1) };
        var log = new DiskCommitLog(disk.Start(), options, new FakeTimeProvider(), _events.Add, action => action());
        try
        {
            await log.FollowAsync(follower, CancellationToken.None);
            await log.CommitAsync([Some.Transaction(Some.Put("k"))], CancellationToken.None);
            if (!isClosed)
                _ = disk.Start();
            return (log.StoreId, follower.Latest.Revision);
        }
        finally
        {
            await log.DisposeAsync();
        }
    }

    private static StoreId IdOf(Dictionary<string, byte[]> files) => StoreFile.Read(LogImage.DiskOf(files).Start()).Current;
}
