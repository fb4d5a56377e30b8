using System.Collections.Frozen;
using Grpc.Core;

namespace KvStore.Etcd;

/// <summary>What a status of gRPC says of a call: etcd's definite refusals are known by their texts, and everything else is unknown.</summary>
internal static class EtcdErrors
{
    // The status codes do not tell: etcd answers Unavailable both before and after it has proposed a request. The texts are part of its API.
    // Left out because the request may have been executed: "server stopped", "leader changed", "request timed out" with its variants, "request canceled".
    private static readonly FrozenDictionary<string, (EtcdFailure Failure, string Advice)> Definite = new Dictionary<string, (EtcdFailure, string)>
    {
        ["etcdserver: no leader"] = (EtcdFailure.Refused, "The member has no leader: fewer than half of the members can reach each other, or they are electing one. Look at their logs and at the network."),
        ["etcdserver: too many requests"] = (EtcdFailure.Refused, "The member has fallen behind in applying requests. Look at its disk and processor."),
        ["etcdserver: not capable"] = (EtcdFailure.Refused, "The member is still joining its cluster."),
        ["etcdserver: rpc not supported for learner"] = (EtcdFailure.Refused, "The member is a learner. Promote it, or leave it out of the endpoints."),
        ["etcdserver: corrupt cluster"] = (EtcdFailure.Refused, "The alarm CORRUPT is raised: the members' data differ. See etcd's documentation on data corruption."),
        ["etcdserver: key is not provided"] = (EtcdFailure.Refused, ""),
        ["etcdserver: duplicate key given in txn request"] = (EtcdFailure.Refused, ""),
        ["etcdserver: mvcc: required revision is a future revision"] = (EtcdFailure.Refused, "The cluster is older than what was read of it before. Was it restored from a backup?"),
        // Raft refuses a proposal before it is in the log of any member.
        ["raft proposal dropped"] = (EtcdFailure.Refused, "The members are changing their leader."),
        ["etcdserver: invalid auth token"] = (EtcdFailure.Refused, "The member does not accept the token that etcd issued. If tokens are signed (jwt), compare the members' keys."),
        ["etcdserver: revision of auth store is old"] = (EtcdFailure.Refused, "Users or roles of etcd are being changed."),
        ["etcdserver: user name is empty"] = (EtcdFailure.NotPermitted, "etcd has authentication enabled. Set a user and its password, or a client certificate."),
        ["etcdserver: user name not found"] = (EtcdFailure.NotPermitted, "etcd does not have this user."),
        ["etcdserver: authentication failed, invalid user ID or password"] = (EtcdFailure.NotPermitted, "The user name or the password for etcd is wrong."),
        ["etcdserver: permission denied"] = (EtcdFailure.NotPermitted, "Give etcd's user a role that may read and write the keys below the prefix."),
        ["etcdserver: mvcc: database space exceeded"] = (EtcdFailure.NoSpace, "etcd has used up its quota. Compact and defragment it or raise --quota-backend-bytes, then disarm the alarm NOSPACE."),
        ["etcdserver: request is too large"] = (EtcdFailure.TooLarge, "Raise etcd's --max-request-bytes, on every member."),
        ["etcdserver: too many operations in txn request"] = (EtcdFailure.TooLarge, "Raise etcd's --max-txn-ops, on every member."),
        ["etcdserver: mvcc: required revision has been compacted"] = (EtcdFailure.Compacted, "The revision has been compacted."),
    }.ToFrozenDictionary();

    /// <summary>Whether the member refused the token that came with the request, or the lack of one.</summary>
    public static bool IsAboutToken(string detail) =>
        TextOf(detail) is "etcdserver: invalid auth token" or "etcdserver: revision of auth store is old" or "etcdserver: user name is empty";

    /// <summary>Whether the cluster has no users.</summary>
    public static bool IsWithoutUsers(Status status) => TextOf(status.Detail) is "etcdserver: authentication is not enabled";

    /// <param name="endpoint">The member that was asked.</param>
    /// <param name="status">What the call ended with.</param>
    /// <param name="isSent">Whether its message was sent.</param>
    /// <param name="cause">The exception that it ended with.</param>
    public static EtcdException Of(Uri endpoint, Status status, bool isSent, Exception? cause)
    {
        if (Known(endpoint, status.Detail, cause) is { } known)
            return known;
        if (!isSent)
            return new(EtcdFailure.NotSent, $"etcd at {Name(endpoint)} cannot be reached: {Reason(status)} Is it running, and does the network lead to it?", cause);
        // A limit of the member's transport, which it meets before it has read the request.
        if (status.Detail.StartsWith("grpc: received message larger than max", StringComparison.Ordinal))
            return new(EtcdFailure.TooLarge, $"etcd at {Name(endpoint)}: {status.Detail}. Raise its --max-request-bytes, on every member.", cause);
        if (status.StatusCode == StatusCode.Unimplemented)
            return new(EtcdFailure.Refused, $"{Name(endpoint)} does not have the API of etcd 3.4 or newer: {Reason(status)} Does the endpoint name a port for clients?", cause);
        return status.StatusCode == StatusCode.DeadlineExceeded
            ? new(EtcdFailure.Unknown, $"etcd at {Name(endpoint)} did not answer in time. Is it overloaded, stopped, or without a leader?", cause)
            : new(EtcdFailure.Unknown, $"etcd at {Name(endpoint)} did not complete the call ({status.StatusCode}): {Reason(status)} Its logs say more.", cause);
    }

    /// <summary>What a watch was canceled for.</summary>
    public static Exception OfCanceledWatch(Uri endpoint, long compactRevision, string reason)
    {
        if (compactRevision > 0)
            return new EtcdException(EtcdFailure.Compacted, $"etcd at {Name(endpoint)}: the watch started below revision {compactRevision}, and what was before it has been compacted.");
        var failure = Known(endpoint, reason, null) ?? new EtcdException(EtcdFailure.Unknown, $"etcd at {Name(endpoint)} canceled a watch: {(reason.Length == 0 ? "it gave no reason" : reason)}.");
        return IsAboutToken(reason) ? new EtcdTokenException(failure) : failure;
    }

    /// <summary>How a member is named in messages.</summary>
    public static string Name(Uri endpoint) => endpoint.GetLeftPart(UriPartial.Authority);

    private static EtcdException? Known(Uri endpoint, string detail, Exception? cause)
    {
        var text = TextOf(detail);
        return Definite.TryGetValue(text, out var definite) ? new(definite.Failure, $"etcd at {Name(endpoint)}: {text}. {definite.Advice}".TrimEnd(), cause) : null;
    }

    // Reasons of canceled watches carry the whole status in a text.
    private static string TextOf(string detail)
    {
        const string Description = "desc = ";
        return detail.StartsWith("rpc error: ", StringComparison.Ordinal) && detail.IndexOf(Description, StringComparison.Ordinal) is >= 0 and var start
            ? detail[(start + Description.Length)..]
            : detail;
    }

    // The innermost exception says what happened; the ones around it say which layer noticed.
    private static string Reason(Status status)
    {
        var reason = status.DebugException?.GetBaseException().Message ?? status.Detail;
        return (reason.Length == 0 ? status.StatusCode.ToString() : reason.TrimEnd('.')) + ".";
    }
}
