namespace KvStore.Storage;

/// <summary>When a commit is acknowledged.</summary>
public enum FlushMode
{
    /// <summary>After the disk has confirmed a flush. No acknowledged commit is lost, not even in a power cut.</summary>
    Always,

    /// <summary>After the operating system has it. A killed process loses nothing; a power cut loses what was written after the last flush.</summary>
    Interval,
}

/// <summary>Where a <see cref="DiskCommitLog"/> keeps its files, and the limits of everything that can grow. Immutable.</summary>
public sealed record DiskLogOptions
{
    /// <summary>The directory of the log, created if absent. It is locked: a second process that opens it fails.</summary>
    public required string Directory { get; init; }

    /// <summary>When a commit is acknowledged. Default <see cref="FlushMode.Always"/>.</summary>
    public FlushMode FlushMode { get; init; }

    /// <summary>In <see cref="FlushMode.Interval"/>: the longest time that a commit waits for its flush, and so what a power cut can lose. Default 100 ms.</summary>
    public TimeSpan FlushInterval { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Bytes of a segment before the log rolls to the next one. Default 64 MiB. A batch larger than this gets a segment of its own.</summary>
    public long SegmentBytesMax { get; init; } = 64 << 20;

    /// <summary>Bytes of disk space to reserve ahead of the end of the log. Default 4 MiB. A write that cannot reserve its own space is rejected.</summary>
    public long ReserveBytes { get; init; } = 4 << 20;

    /// <summary>
    /// Bytes of disk space that are kept for when the disk is full: then transactions that add nothing, such as deletions, still succeed, and so does
    /// a small checkpoint. Default 1 MiB. Zero keeps none.
    /// </summary>
    public long EmergencyReserveBytes { get; init; } = 1 << 20;

    /// <summary>Bytes of log below which no checkpoint begins by itself. Default 64 MiB.</summary>
    public long CheckpointLogBytesMin { get; init; } = 64 << 20;

    /// <summary>The log since the last checkpoint, in percent of that checkpoint's size, at which the next one begins. Default 100: the disk contains about twice the data, and writes cost about twice their bytes.</summary>
    public int CheckpointLogPercent { get; init; } = 100;

    /// <summary>Bytes per second that a checkpoint writes at most, so that commits do not wait for it. Default 64 MiB.</summary>
    public long CheckpointBytesPerSecondMax { get; init; } = 64 << 20;

    /// <summary>The shortest time between a failed checkpoint and the next attempt. Default 30 s.</summary>
    public TimeSpan CheckpointRetryDelay { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Commits that a load replays one by one, so that they are in the history. Default 65,536. Older ones are loaded as one image.</summary>
    public int ReplayedCommitsMax { get; init; } = 65_536;

    /// <summary>Bytes of keys and values of the commits that a load replays one by one. Default 64 MiB. Older ones are loaded as one image.</summary>
    public long ReplayedBytesMax { get; init; } = 64 << 20;

    /// <exception cref="ArgumentException">The directory is empty, or a limit is too small.</exception>
    internal void Validate()
    {
        ArgumentException.ThrowIfNullOrEmpty(Directory);
        ArgumentOutOfRangeException.ThrowIfLessThan(FlushInterval, TimeSpan.FromMilliseconds(1));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(FlushInterval, TimeSpan.FromHours(1));
        ArgumentOutOfRangeException.ThrowIfLessThan(SegmentBytesMax, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(ReserveBytes);
        ArgumentOutOfRangeException.ThrowIfNegative(EmergencyReserveBytes);
        ArgumentOutOfRangeException.ThrowIfLessThan(CheckpointLogBytesMin, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(CheckpointLogPercent, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(CheckpointBytesPerSecondMax, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(CheckpointRetryDelay, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfNegative(ReplayedCommitsMax);
        ArgumentOutOfRangeException.ThrowIfNegative(ReplayedBytesMax);
    }
}
