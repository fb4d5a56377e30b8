using KvStore.Crdt;

namespace KvStore.Server.Tests;

/// <summary>Requests for mergeable values, as clients of both kinds make them.</summary>
internal static class MergeableCalls
{
    public const string DeltaType = "application/vnd.kvstore.delta+json";

    /// <summary>Sends an intent.</summary>
    public static Task<Response> ChangeAsync(this KvServer server, string key, string json, params (string Name, string Value)[] headers) =>
        server.Client.PostAsync("/v1/crdt/" + key, json, [("Content-Type", "application/json"), .. headers]);

    /// <summary>Sends the body of a client that keeps a replica.</summary>
    public static Task<Response> SendAsync(this KvServer server, string key, string json, params (string Name, string Value)[] headers) =>
        server.Client.PostAsync("/v1/crdt/" + key, json, [("Content-Type", DeltaType), .. headers]);

    /// <summary>Sends what a replica has done since a version; null to ask only.</summary>
    public static Task<Response> PushAsync(this KvServer server, string key, CrdtReplica replica, VersionVector? since) => server.SendAsync(key,
        $"{{\"replica\":\"{replica.Self}\",\"version\":\"{replica.Version}\"{(since is null ? "" : $",\"delta\":\"{Convert.ToBase64String(replica.DeltaSince(since)!)}\"")}}}");

    public static async Task<string> ReadAsync(this KvServer server, string key) => (await server.Client.GetAsync("/v1/crdt/" + key)).Expect(200).Text;

    /// <summary>Loads the full state into a new replica.</summary>
    public static async Task<CrdtReplica> LoadAsync(this KvServer server, string key)
    {
        var state = (await server.Client.GetAsync("/v1/crdt/" + key, ("Accept", DeltaType))).Expect(200);
        return MergeableValue.TryLoad(state.Delta(), ReplicaId.Create())!;
    }

    /// <summary>The delta of an answer.</summary>
    public static byte[] Delta(this Response answer) => answer.Json.GetProperty("delta").GetBytesFromBase64();

    public static string Version(this Response answer) => answer.Json.GetProperty("version").GetString()!;

    public static void MergeFrom(this CrdtReplica replica, byte[] delta) => Assert.Contains(replica.Merge(delta), new[] { MergeOutcome.Merged, MergeOutcome.Unchanged });
}
