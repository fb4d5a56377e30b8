namespace KvStore.Storage;

/// <summary>What is wrong with a log's files.</summary>
public enum DiskLogProblem
{
    /// <summary>Another process has the directory.</summary>
    Locked,

    /// <summary>A file does not hold what was written to it, or is missing.</summary>
    Damaged,

    /// <summary>The operating system refused an operation.</summary>
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

    /// <summary>Where in the file, in bytes from its start; null when it is about all of it.</summary>
    public long? OffsetBytes { get; private init; }

    /// <summary>The operating system's error number, when <see cref="Problem"/> is <see cref="DiskLogProblem.Failed"/>; else 0.</summary>
    public int Errno { get; private init; }

    /// <summary>How much of a damaged segment is whole frames; null when it is about something else.</summary>
    internal long? WholeBytes { get; private init; }

    /// <summary>Whether there was no room, on the disk or in a quota.</summary>
    public bool IsNoSpace => Errno is NoSpaceLeft or QuotaExceeded;

    /// <summary>Whether it cannot be written, by anybody or by this user.</summary>
    internal bool IsReadOnly => Errno is ReadOnlyFileSystem or AccessDenied or NotPermitted;

    internal static DiskLogException Locked(string path) => new(
        DiskLogProblem.Locked,
        path,
        $"{path} is in use by another process. Stop that process, or give this one a directory of its own.");

    internal static DiskLogException Damaged(string path, long? offsetBytes, string reason, long? wholeBytes = null) => new(
        DiskLogProblem.Damaged,
        path,
        $"{path} is damaged{(offsetBytes is { } offset ? $" at byte {offset}" : "")}: {reason}. Nothing was served. " +
        "Check the disk, then restore a backup into the data directory; docs/operations.md tells what a repair would lose.")
    {
        OffsetBytes = offsetBytes,
        WholeBytes = wholeBytes,
    };

    internal static DiskLogException Failed(string operation, string path, int errno, string reason) => new(
        DiskLogProblem.Failed,
        path,
        $"Could not {operation} {path}: {reason} (errno {errno}).")
    {
        Errno = errno,
    };
}
