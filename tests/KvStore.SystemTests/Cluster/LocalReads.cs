using System.Globalization;

namespace KvStore.SystemTests;

/// <summary>
/// Local reads of one client, which may see an old state: but none that is older than the revision that they ask for, nor than one that the same replica has shown
/// the client before. Belongs to one client.
/// </summary>
/// <param name="prefix">What the keys begin with.</param>
/// <param name="history">Takes what they see.</param>
/// <param name="replicas">How many replicas there are.</param>
internal sealed class LocalReads(string prefix, ClusterHistory history, int replicas)
{
    private readonly long[] _shown = new long[replicas];
    private long _known;

    /// <summary>A later read with <c>min_revision</c> asks for this one, too.</summary>
    public void Know(long revision) => _known = Math.Max(_known, revision);

    public async Task ReadAsync(ReplicaClient connections, Random random, int key)
    {
        var replica = random.Next(replicas);
        var minimum = random.Next(2) == 0 ? _known : 0;
        var query = minimum > 0 ? $"&min_revision={minimum}" : "";
        var reply = await connections.SendAsync(replica, $"GET /v1/kv/{prefix}{Call.NameOf(key)}?consistency=local{query} HTTP/1.1\r\nHost: localhost\r\n\r\n");

        // 503: the replica starts, or has not reached the revision.
        if (reply.Response is not { } response || response.Status == 503)
            return;
        if (response.Status is not (200 or 404))
            history.AddFault($"A local read was answered {response}");
        else if (response.Revision < minimum)
            history.AddFault($"A local read with min_revision={minimum} was answered {response}");
        else if (response.Revision < _shown[replica])
            history.AddFault($"A local read of replica {replica}, which has shown revision {_shown[replica]}, was answered {response}");
        else if (response.Header("KvStore-State-Age") is null)
            history.AddFault($"A local read was answered without an age: {response}");

        _shown[replica] = Math.Max(_shown[replica], response.Revision ?? 0);
        Know(response.Revision ?? 0);
        if (response.Status == 200)
            history.AddSight(key, response.Text, long.Parse(response.ETag!.Trim('"'), CultureInfo.InvariantCulture), response);
    }
}
