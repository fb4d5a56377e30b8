namespace KvStore.Etcd;

/// <summary>A call to etcd that failed.</summary>
/// <param name="failure">What is known of it.</param>
/// <param name="message">What an operator should read: the endpoint, and what to do.</param>
/// <param name="innerException">The cause.</param>
internal sealed class EtcdException(EtcdFailure failure, string message, Exception? innerException = null) : Exception(message, innerException)
{
    /// <summary>What is known of it.</summary>
    public EtcdFailure Failure => failure;

    /// <summary>Whether the call certainly was not executed, and never will be.</summary>
    public bool IsNotExecuted => failure is not (EtcdFailure.Unknown or EtcdFailure.NoSpace);
}

/// <summary>What is known of a call that failed.</summary>
internal enum EtcdFailure
{
    /// <summary>The call may or may not have been executed, or may be later.</summary>
    Unknown,

    /// <summary>No member could be reached: nothing was sent.</summary>
    NotSent,

    /// <summary>The member refused it before it was executed: no leader, too many requests, not permitted.</summary>
    Refused,

    /// <summary>The user name, password or certificate is wrong, or may not do this. Trying again does not help.</summary>
    NotPermitted,

    /// <summary>
    /// etcd has no space, or the alarm for that is raised. The member refuses before it proposes a request, but it also answers this after it has
    /// executed one that went over the quota. It is decided in either case: a linearizable read tells which.
    /// </summary>
    NoSpace,

    /// <summary>The request exceeds a limit of etcd.</summary>
    TooLarge,

    /// <summary>The revision was compacted.</summary>
    Compacted,
}
