
namespace KvStore.Storage.Tests;

/// <summary>The files of a log, to be damaged one way after the other.</summary>
internal static class LogImage
{
    public static readonly DiskLogOptions Options = new()
    {
        Directory = "/fake",
        SegmentBytesMax = 400,
        ReserveBytes = 150,
        EmergencyReserveBytes = 100,
        CheckpointLogBytesMin = long.MaxValue,
    };

    /// <summary>A small log of a few segments and, if wanted, a checkpoint.</summary>
    /// <param name="hasCheckpoint">Whether the first segments are covered by a checkpoint.</param>
    /// <param name="isClosed">Whether the process ended well, or was killed.</param>
    public static async Task<Dictionary<string, byte[]>> MakeAsync(bool hasCheckpoint, bool isClosed)
    {
        var disk = new FakeDisk(new Random(1));
        var log = new DiskCommitLog(disk.Start(), Options, new FakeTimeProvider(), _ => { }, action => action());
        await log.FollowAsync(new SnapshotPublisher(new StoreOptions(), new FakeTimeProvider()), CancellationToken.None);
        for (var i = 0; i < 12; i++)
        {
            await log.CommitAsync([Some.Transaction(Some.Put($"key{i % 5}", $"value{i}"), Some.Delete($"key{(i + 2) % 5}")), Some.Transaction(Some.Put("last", $"{i}"))], CancellationToken.None);
            if (hasCheckpoint && i == 8)
                await log.CheckpointAsync(CancellationToken.None);
        }

        if (!isClosed)
            _ = disk.Start();
        await log.DisposeAsync();
        return FilesOf(disk);
    }

    /// <summary>The files of a disk.</summary>
    public static Dictionary<string, byte[]> FilesOf(FakeDisk disk) => disk.Files.ToDictionary(file => file.Key, file => file.Value.Bytes.ToArray());

    /// <summary>The names of the segments, oldest first.</summary>
    public static string[] SegmentsOf(Dictionary<string, byte[]> files) => NamesOf(files, FileNames.Segment);

    /// <summary>The names of the checkpoints, oldest first.</summary>
    public static string[] CheckpointsOf(Dictionary<string, byte[]> files) => NamesOf(files, FileNames.Checkpoint);

    /// <summary>A disk with these files.</summary>
    public static FakeDisk DiskOf(Dictionary<string, byte[]> files)
    {
        var disk = new FakeDisk(new Random(1));
        foreach (var (name, bytes) in files)
        {
            disk.Create(name);
            disk.Files[name].Set(bytes);
        }

        return disk;
    }

    /// <summary>The revision before any jump, if it is a small one.</summary>
    public static long RecoveredRevision(Snapshot snapshot) => snapshot.Revision % LogRecovery.CrashJump;

    /// <summary>Opens a log with these files and tells what it holds.</summary>
    /// <exception cref="DiskLogException">It refuses.</exception>
    public static Snapshot Open(Dictionary<string, byte[]> files) => OpenDisk(DiskOf(files));

    /// <summary>Opens the log of a disk, closes it, and tells what it holds.</summary>
    /// <exception cref="DiskLogException">It refuses.</exception>
    public static Snapshot OpenDisk(FakeDisk disk)
    {
        var follower = new SnapshotPublisher(new StoreOptions(), new FakeTimeProvider());
        var core = new LogCore(disk.Start(), Options, new FakeTimeProvider(), _ => { }, action => action());
        core.Open(follower, new LoadProgress(CancellationToken.None));
        core.Finish();
        return follower.Latest;
    }

    private static string[] NamesOf(Dictionary<string, byte[]> files, string kind) =>
        [.. files.Keys.Where(name => name.EndsWith(kind, StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
}
