namespace KvStore.Storage;

/// <summary>When a commit counts as durable.</summary>
public enum FlushMode
{
    /// <summary>When the disk has confirmed it. Nothing that was acknowledged is lost, whatever happens.</summary>
    Always,

    /// <summary>When the operating system has it. A process that is killed loses nothing; a power cut loses what came after the last flush.</summary>
    Interval,
}

/// <summary>Where a <see cref="DiskCommitLog"/> keeps its files, and a limit on everything that can grow.</summary>
public sealed record DiskLogOptions
{
    /// <summary>The directory of the log's files; created if absent. One process uses it at a time: a second one is refused.</summary>
    public required string Directory { get; init; }

    /// <summary>When a commit counts as durable. Default <see cref="FlushMode.Always"/>.</summary>
    public FlushMode FlushMode { get; init; }

    /// <summary>In <see cref="FlushMode.Interval"/>: the longest time that a commit waits for its flush, and so what a power cut can lose. Default 100 milliseconds.</summary>
    public TimeSpan FlushInterval { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Bytes of a segment. Default 64 MiB. A batch that does not fit begins the next segment; one that is larger than this has one of its own.</summary>
    public long SegmentBytesMax { get; init; } = 64 << 20;

    /// <summary>Bytes of the disk that are reserved ahead of the log's end. Default 4 MiB. A write that cannot reserve its room is refused as out of space.</summary>
    public long ReserveBytes { get; init; } = 4 << 20;

    /// <summary>Bytes of log below which no checkpoint is made by itself. Default 64 MiB.</summary>
    public long CheckpointLogBytesMin { get; init; } = 64 << 20;

    /// <summary>A checkpoint is made when the log since the last one exceeds this share of that one's size, in percent. Default 100: the disk holds about twice the data, and writes cost about twice their bytes.</summary>
    public int CheckpointLogPercent { get; init; } = 100;

    /// <summary>Bytes per second that a checkpoint writes at most, so that commits do not wait behind it. Default 64 MiB.</summary>
    public long CheckpointBytesPerSecondMax { get; init; } = 64 << 20;

    /// <summary>How long after a failed checkpoint the next one is tried at the earliest. Default 30 seconds.</summary>
    public TimeSpan CheckpointRetryDelay { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Commits that loading hands over one by one, so that they are in the history; older ones come as one image. Default 65,536.</summary>
    public int ReplayedCommitsMax { get; init; } = 65_536;

    /// <summary>Bytes of keys and values of the commits that loading hands over one by one. Default 64 MiB. Older ones come as one image.</summary>
    public long ReplayedBytesMax { get; init; } = 64 << 20;

    /// <summary>Refuses limits that a log cannot work with.</summary>
    /// <exception cref="ArgumentException">The directory is empty, or a limit is too small.</exception>
    internal void Validate()
    {
        ArgumentException.ThrowIfNullOrEmpty(Directory);
        ArgumentOutOfRangeException.ThrowIfLessThan(FlushInterval, TimeSpan.FromMilliseconds(1));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(FlushInterval, TimeSpan.FromHours(1));
        ArgumentOutOfRangeException.ThrowIfLessThan(SegmentBytesMax, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(ReserveBytes);
        ArgumentOutOfRangeException.ThrowIfLessThan(CheckpointLogBytesMin, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(CheckpointLogPercent, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(CheckpointBytesPerSecondMax, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(CheckpointRetryDelay, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfNegative(ReplayedCommitsMax);
        ArgumentOutOfRangeException.ThrowIfNegative(ReplayedBytesMax);
    }
}
