namespace KvStore.Etcd;

/// <summary>Reports which replicas have failed, and which have returned. One call at a time.</summary>
internal sealed class FailureReports(ReplicaTable table, Action<MembershipEvent> report)
{
    private string[] _failed = [];

    /// <summary>Reports what has changed.</summary>
    /// <returns>Whether anything has.</returns>
    public bool Report()
    {
        var now = table.Failed();
        if (now.SequenceEqual(_failed))
            return false;
        foreach (var replica in table.List())
        {
            var (was, isNow) = (_failed.Contains(replica.Record.Id), now.Contains(replica.Record.Id));
            if (isNow && !was)
                report(new MembershipEvent.ReplicaFailed(replica.Record));
            else if (was && !isNow)
                report(new MembershipEvent.ReplicaReturned(replica.Record));
        }

        _failed = now;
        return true;
    }
}
