namespace KvStore;

/// <summary>
/// A commit log cannot be followed, and trying again would not help: <see cref="ICommitLog.FollowAsync"/> throws it. The message is for an operator, and
/// says what is wrong and what to do.
/// </summary>
/// <param name="message">The message.</param>
/// <param name="refusal">What has to change.</param>
/// <param name="innerException">The cause, if there is one.</param>
public sealed class CommitLogRefusedException(string message, CommitLogRefusal refusal, Exception? innerException = null) : Exception(message, innerException)
{
    /// <summary>What has to change before another start can succeed.</summary>
    public CommitLogRefusal Refusal => refusal;
}

/// <summary>What has to change before a commit log can be followed.</summary>
public enum CommitLogRefusal
{
    /// <summary>The settings of this process, such as its credentials.</summary>
    Settings,

    /// <summary>The data, or the program: what is stored is foreign, damaged, or of a format that this version does not know.</summary>
    Data,
}
