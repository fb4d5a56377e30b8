namespace KvStore.Cli;

/// <summary>What a command ended with. docs/cli.md has the same list.</summary>
internal enum ExitCode
{
    /// <summary>It is done.</summary>
    Done = 0,

    /// <summary>There is no such entry, a condition failed, or a question was answered with no.</summary>
    No = 1,

    /// <summary>The command line, a file of this machine, or what was to be stored is not valid.</summary>
    Usage = 2,

    /// <summary>The service was not reached, or something else answers at its address.</summary>
    Unreachable = 3,

    /// <summary>The service needs a key, does not accept this one, or does not allow it this request.</summary>
    NotAllowed = 4,

    /// <summary>The service refused the request, or failed. Nothing was changed.</summary>
    Failed = 5,

    /// <summary>Whether a write was applied is unknown.</summary>
    Unknown = 6,

    /// <summary>An import stored some of its entries, but not all.</summary>
    Partial = 7,

    /// <summary>It was interrupted by SIGINT (Ctrl+C).</summary>
    Interrupted = 130,

    /// <summary>The reader of its output has ended, as a shell says it of SIGPIPE.</summary>
    OutputClosed = 141,

    /// <summary>It was ended by SIGTERM.</summary>
    Terminated = 143,
}

/// <summary>A command cannot do what it was asked for; the message says why and what to do.</summary>
internal sealed class KvFailure(ExitCode code, string message, Exception? inner = null) : Exception(message, inner)
{
    public ExitCode Code => code;
}
