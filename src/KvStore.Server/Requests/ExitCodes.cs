namespace KvStore.Server;

/// <summary>The exit codes of the process.</summary>
internal static class ExitCodes
{
    /// <summary>It was asked to stop and did.</summary>
    public const int Success = 0;

    /// <summary>It could not start (an address in use, for instance), or the health check found the service not ready.</summary>
    public const int Failure = 1;

    /// <summary>The configuration or the command line is not acceptable.</summary>
    public const int InvalidSettings = 2;

    /// <summary>The store failed while the service ran.</summary>
    public const int StoreFailed = 3;

    /// <summary>The data cannot be used: damaged, in use by another process, or not to be read or written. Standard error says which.</summary>
    public const int DataUnusable = 4;
}

/// <summary>The exit code of a running service. Set before a failure stops the service. Thread-safe.</summary>
internal sealed class ExitCode
{
    private volatile int _value = ExitCodes.Success;
    private volatile string? _reason;

    public int Value { get => _value; set => _value = value; }

    /// <summary>The line for standard error; null if the log says everything.</summary>
    public string? Reason { get => _reason; set => _reason = value; }
}
