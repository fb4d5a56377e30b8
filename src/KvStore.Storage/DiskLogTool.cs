namespace KvStore.Storage;

/// <summary>What <see cref="DiskLogTool"/> found.</summary>
/// <param name="Revision">The last revision that can be told without a gap and without damage.</param>
/// <param name="Entries">How many entries there are at that revision.</param>
/// <param name="CutBytes">Bytes of an unfinished write that the next start cuts off. Nobody had an answer for it.</param>
/// <param name="Damage">The first damage; null if there is none.</param>
/// <param name="SetAside">Names of the files that a repair has put aside.</param>
public sealed record DiskLogReport(long Revision, long Entries, long CutBytes, DiskLogException? Damage, IReadOnlyList<string> SetAside)
{
    /// <summary>Whether the directory was kept from other processes meanwhile. One that cannot be written may not be: then the report is only worth something if none used it.</summary>
    public bool WasLocked { get; init; } = true;
}

/// <summary>Checks and repairs a log that no process has open, for a command line. It needs as much memory and time as a start.</summary>
public static class DiskLogTool
{
    private const string Damaged = ".damaged";
    private const int CopyBytes = 1 << 20;

    /// <summary>Reads everything and changes nothing. The directory may be one that cannot be written.</summary>
    /// <param name="directory">The log's directory.</param>
    /// <exception cref="DiskLogException">Another process has the directory, or the system refuses to read it.</exception>
    public static DiskLogReport Verify(string directory)
    {
        using var disk = new LinuxDisk(directory, isReadOnly: true);
        var isLocked = disk.TryLock();
        return Verify(disk) with { WasLocked = isLocked };
    }

    /// <summary>
    /// Makes a log that can be opened out of a damaged one, at a price: what lies behind the damage is gone, although it was
    /// acknowledged. What is taken away stays in the directory under names that end in <c>.damaged</c>.
    /// </summary>
    /// <param name="directory">The log's directory. Copy it before.</param>
    /// <returns>What the log holds now.</returns>
    /// <exception cref="DiskLogException">Another process has the directory, the system refuses, or nothing can be repaired: then restore a backup.</exception>
    public static DiskLogReport Repair(string directory)
    {
        using var disk = new LinuxDisk(directory);
        disk.Lock();
        return Repair(disk);
    }

    internal static DiskLogReport Verify(IDisk disk)
    {
        var follower = new SnapshotPublisher(new StoreOptions(), TimeProvider.System);
        var options = new DiskLogOptions { Directory = disk.PathOf(""), ReplayedCommitsMax = 0 };
        var recovery = new LogRecovery(disk, options, follower, new LoadProgress(CancellationToken.None));
        var (cutBytes, damage) = (0L, default(DiskLogException));
        try
        {
            cutBytes = recovery.Check();
        }
        catch (DiskLogException exception) when (exception.Problem == DiskLogProblem.Damaged)
        {
            damage = exception;
        }

        return new DiskLogReport(follower.Latest.Revision, follower.Latest.Count, cutBytes, damage, []);
    }

    internal static DiskLogReport Repair(IDisk disk)
    {
        var aside = new List<string>();
        while (true)
        {
            var report = Verify(disk);
            if (report.Damage is not { } damage)
                return report with { SetAside = aside };

            // Each turn takes a file away or shortens one, so there is a last one.
            SetAside(disk, damage, aside);
            disk.FlushDirectory();
        }
    }

    private static void SetAside(IDisk disk, DiskLogException damage, List<string> aside)
    {
        var files = LogFiles.Find(disk);
        var name = Path.GetFileName(damage.Path);
        var checkpoint = files.Checkpoints.Find(revision => name == FileNames.Of(revision, FileNames.Checkpoint));
        if (checkpoint > 0 && CanDoWithout(files))
        {
            Move(disk, name, aside);
            return;
        }

        var segment = files.Segments.FindIndex(revision => name == FileNames.Of(revision, FileNames.Segment));
        if (segment < 0 || damage.OffsetBytes is null)
            throw damage;
        for (var i = files.Segments.Count - 1; i > segment; i--)
            Move(disk, FileNames.Of(files.Segments[i], FileNames.Segment), aside);
        if (damage.WholeBytes is { } wholeBytes)
            CutOff(disk, name, wholeBytes, aside);
        else
            Move(disk, name, aside);
    }

    // Whether the segments reach back to an older checkpoint or to the beginning.
    private static bool CanDoWithout(LogFiles files) =>
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
