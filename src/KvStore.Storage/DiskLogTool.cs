namespace KvStore.Storage;

/// <summary>Verifies and repairs a log that no process has open, for a command line. Needs as much memory and time as a start.</summary>
public static class DiskLogTool
{
    private const string Damaged = ".damaged";
    private const int CopyBytes = 1 << 20;

    /// <summary>Reads everything and changes nothing. The directory may be read-only.</summary>
    /// <param name="directory">The directory of the log.</param>
    /// <exception cref="DiskLogException">The directory has no log, another process has locked it, or it cannot be read.</exception>
    public static DiskLogReport Verify(string directory)
    {
        using var disk = new LinuxDisk(directory, isReadOnly: true);
        LogFiles.Find(disk).ThrowIfNoLog(disk);
        var isLocked = disk.TryLock();
        return Verify(disk) with { WasLocked = isLocked };
    }

    /// <summary>
    /// Makes a damaged log usable again, at a price: commits after the damage are lost, although they were acknowledged. The
    /// files that are set aside stay in the directory, under names that end in <c>.damaged</c>.
    /// </summary>
    /// <param name="directory">The directory of the log. Copy it first.</param>
    /// <returns>The contents of the log after the repair.</returns>
    /// <exception cref="DiskLogException">Another process has locked the directory, an operation failed, or the log cannot be repaired: restore a backup.</exception>
    public static DiskLogReport Repair(string directory)
    {
        using var disk = new LinuxDisk(directory);
        LogFiles.Find(disk).ThrowIfNoLog(disk);
        disk.Lock();
        return Repair(disk);
    }

    /// <summary>
    /// Gives a log a new store id, for a copy whose original stays in use: clients of one must not take its revisions to the other. Opens the
    /// log as a start does, and closes it.
    /// </summary>
    /// <param name="directory">The directory of the log.</param>
    /// <returns>The new id.</returns>
    /// <exception cref="DiskLogException">The directory has no log, another process has locked it, the log is damaged, or an operation failed.</exception>
    public static StoreId Renew(string directory)
    {
        using var disk = new LinuxDisk(directory);
        LogFiles.Find(disk).ThrowIfNoLog(disk);
        return Renew(disk);
    }

    internal static DiskLogReport Verify(IDisk disk)
    {
        var follower = new SnapshotPublisher(new StoreOptions(), TimeProvider.System);
        var options = new DiskLogOptions { Directory = disk.PathOf(""), ReplayedCommitsMax = 0 };
        var recovery = new LogRecovery(disk, options, follower, new LoadProgress(CancellationToken.None));
        var (tornTail, damage) = (default(TornTail), default(DiskLogException));
        try
        {
            tornTail = recovery.Verify();
        }
        catch (DiskLogException exception) when (exception.Problem == DiskLogProblem.Damaged)
        {
            damage = exception;
        }

        return new DiskLogReport(follower.Latest.Revision, follower.Latest.Count, tornTail, damage, []);
    }

    internal static DiskLogReport Repair(IDisk disk)
    {
        var aside = new List<string>();
        while (true)
        {
            var report = Verify(disk);
            if (report.Damage is not { } damage)
                return report with { SetAside = aside };

            // Each iteration removes a file or shortens one, so the loop ends.
            SetAside(disk, damage, aside);
            disk.FlushDirectory();
        }
    }

    internal static StoreId Renew(IDisk disk)
    {
        var follower = new SnapshotPublisher(new StoreOptions(), TimeProvider.System);
        var options = new DiskLogOptions { Directory = disk.PathOf(""), ReplayedCommitsMax = 0 };
        using (var writer = new LogRecovery(disk, options, follower, new LoadProgress(CancellationToken.None)).Open().Writer)
            writer.Finish();
        return WriteNewStore(disk, LogFiles.Find(disk)).Current;
    }

    private static StoreIdentity WriteNewStore(IDisk disk, LogFiles files)
    {
        var store = new StoreIdentity(StoreId.Create(), [.. LogDirectory.IdsOf(disk, files)]);
        StoreFile.Write(disk, store);
        return store;
    }

    private static void SetAside(IDisk disk, DiskLogException damage, List<string> aside)
    {
        var files = LogFiles.Find(disk);
        var name = Path.GetFileName(damage.Path);
        var checkpoint = files.Checkpoints.Find(revision => name == FileNames.Of(revision, FileNames.Checkpoint));
        if (checkpoint > 0 && IsRedundant(files))
        {
            Move(disk, name, aside);
            return;
        }

        if (name == StoreFile.Name)
        {
            SetStoreAside(disk, files, damage, aside);
            return;
        }

        var segment = files.Segments.FindIndex(revision => name == FileNames.Of(revision, FileNames.Segment));
        if (segment < 0 || damage.OffsetBytes is null || (segment == 0 && damage.WholeBytes is null && files.Checkpoints.Count == 0))
            throw damage;
        for (var i = files.Segments.Count - 1; i > segment; i--)
            Move(disk, FileNames.Of(files.Segments[i], FileNames.Segment), aside);
        if (damage.WholeBytes is { } wholeBytes)
            CutOff(disk, name, wholeBytes, aside);
        else
            Move(disk, name, aside);
    }

    // Which of its ids was the last one is lost with the file, so the store gets a new one. Without the file, a checkpoint alone is a
    // backup, and files of format 1 are those of version 0.1.0.
    private static void SetStoreAside(IDisk disk, LogFiles files, DiskLogException damage, List<string> aside)
    {
        var isReadable = files.HasStoreFile && damage.OffsetBytes is null;
        var needsStore = files.Segments.Count > 0 && LogDirectory.IdsOf(disk, files).Any();
        if ((files.Segments.Count == 0 && files.Checkpoints.Count == 0) || (isReadable && needsStore))
            throw damage;
        if (files.HasStoreFile)
            Move(disk, StoreFile.Name, aside);
        if (needsStore)
            WriteNewStore(disk, files);
    }

    // Whether the newest checkpoint can be rebuilt: the segments reach back to an older one or to the beginning.
    private static bool IsRedundant(LogFiles files) =>
        files.Segments.Count > 0 && files.Segments[0] <= (files.Checkpoints.Count > 1 ? files.Checkpoints[^2] : 0) + 1;

    private static void Move(IDisk disk, string name, List<string> aside)
    {
        disk.Rename(name, name + Damaged);
        aside.Add(name + Damaged);
    }

    private static void CutOff(IDisk disk, string name, long wholeBytes, List<string> aside)
    {
        using var file = disk.Open(name);
        using var copy = disk.Create(name + Damaged);
        var bytes = new byte[CopyBytes];
        var offset = 0L;
        for (int count; (count = file.Read(bytes, offset)) > 0; offset += count)
            copy.Write(bytes.AsSpan(0, count), offset);
        copy.Flush();
        disk.FlushDirectory();
        file.Truncate(wholeBytes);
        file.Flush();
        aside.Add(name + Damaged);
    }
}
