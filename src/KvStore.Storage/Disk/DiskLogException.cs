namespace KvStore.Storage;

/// <summary>What is wrong with a log's files.</summary>
public enum DiskLogProblem
{
    /// <summary>Another process has locked the directory.</summary>
    Locked,

    /// <summary>The directory has no log.</summary>
    NoData,

    /// <summary>A file is missing or does not contain what was written to it.</summary>
    Damaged,

    /// <summary>The operating system rejected an operation.</summary>
    Failed,
}

/// <summary>A log cannot be opened, or an operation on its files failed. The message names the file and says what to do.</summary>
public sealed class DiskLogException : IOException
{
    private const int NotPermitted = 1;
    private const int AccessDenied = 13;
    private const int NoSpaceLeft = 28;
    private const int ReadOnlyFileSystem = 30;
    private const int QuotaExceeded = 122;

    private DiskLogException(DiskLogProblem problem, string path, string message)
        : base(message)
    {
        Problem = problem;
        Path = path;
    }

    /// <summary>What is wrong.</summary>
    public DiskLogProblem Problem { get; }

    /// <summary>The file or directory.</summary>
    public string Path { get; }

    /// <summary>Where in the file, in bytes from its start; null if the whole file is concerned.</summary>
    public long? OffsetBytes { get; private init; }

    /// <summary>The operating system's error number if <see cref="Problem"/> is <see cref="DiskLogProblem.Failed"/>; otherwise 0.</summary>
    public int Errno { get; private init; }

    /// <summary>The length of a damaged segment up to its last complete frame; null for every other problem.</summary>
    internal long? WholeBytes { get; private init; }

    /// <summary>Whether the disk or a quota is full.</summary>
    public bool IsNoSpace => Errno is NoSpaceLeft or QuotaExceeded;

    /// <summary>Whether this process may not write the file.</summary>
    internal bool IsReadOnly => Errno is ReadOnlyFileSystem or AccessDenied or NotPermitted;

    internal static DiskLogException Locked(string path) => new(
        DiskLogProblem.Locked,
        path,
        $"{path} is in use by another process. Stop that process, or give this one a directory of its own.");

    internal static DiskLogException Damaged(string path, long? offsetBytes, string reason, long? wholeBytes = null) => new(
        DiskLogProblem.Damaged,
        path,
        $"{path} is damaged{(offsetBytes is { } offset ? $" at byte {offset}" : "")}: {reason}. Nothing was served. " +
        "Check the disk, then restore a backup into the data directory; docs/operations.md says what a repair would lose.")
    {
        OffsetBytes = offsetBytes,
        WholeBytes = wholeBytes,
    };

    internal static DiskLogException NoData(string path, string reason) => new(
        DiskLogProblem.NoData,
        path,
        $"{path} has no data of KvStore: {reason}");

    internal static DiskLogException NoSpace(string path) => Failed("write to", path, NoSpaceLeft, "No space left on device");

    internal static DiskLogException Failed(string operation, string path, int errno, string reason) => new(
        DiskLogProblem.Failed,
        path,
        $"Could not {operation} {path}: {reason} (errno {errno}).")
    {
        Errno = errno,
    };
}
