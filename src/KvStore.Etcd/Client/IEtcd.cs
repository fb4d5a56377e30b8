using KvStore.Etcd.Protocol;

namespace KvStore.Etcd;

/// <summary>What the commit log and the membership need of an etcd cluster. Thread-safe.</summary>
/// <remarks>
/// Each call is sent at most once, to one member, within the client's deadline; it is never repeated here. Only what is safe to repeat is
/// repeated, by its caller. Failures are <see cref="EtcdException"/>, which tell whether the call may have been executed.
/// </remarks>
internal interface IEtcd : IAsyncDisposable
{
    /// <summary>
    /// Whether a linearizable read is one on every member. On versions before 3.4.42, 3.5.28 and 3.6.9 it may be answered from an old state (etcd #20418).
    /// </summary>
    bool IsReadSafe { get; }

    /// <summary>Reads keys: linearizably, unless the request says otherwise.</summary>
    Task<RangeResponse> RangeAsync(RangeRequest request, CancellationToken cancellationToken);

    /// <summary>Executes a transaction.</summary>
    Task<TxnResponse> TxnAsync(TxnRequest request, CancellationToken cancellationToken);

    /// <summary>
    /// The responses of a watch, with its first one, which says that it was created. Ends with an exception when the stream ends for any reason, also
    /// when its member loses the leader. A cancelled watch is an exception too: <see cref="EtcdFailure.Compacted"/> if its start was compacted.
    /// </summary>
    IAsyncEnumerable<WatchResponse> WatchAsync(WatchCreateRequest request, CancellationToken cancellationToken);

    /// <summary>Forgets what was superseded at or below a revision.</summary>
    Task CompactAsync(long revision, CancellationToken cancellationToken);

    /// <summary>The members, each with its own report, or null for a member that did not answer in time.</summary>
    Task<EtcdClusterReport> ReportAsync(CancellationToken cancellationToken);
}

/// <summary>What is known of an etcd cluster.</summary>
/// <param name="ClusterId">The id of the cluster.</param>
/// <param name="Members">Its members.</param>
/// <param name="Alarms">Alarms that are raised, such as <c>NOSPACE</c>.</param>
internal sealed record EtcdClusterReport(ulong ClusterId, IReadOnlyList<EtcdMemberReport> Members, IReadOnlyList<string> Alarms);

/// <summary>A member of an etcd cluster.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Name">Its name.</param>
/// <param name="ClientUrls">Where it serves clients.</param>
/// <param name="Status">Its own report; null if it did not answer.</param>
internal sealed record EtcdMemberReport(ulong Id, string Name, IReadOnlyList<string> ClientUrls, StatusResponse? Status);
