using static KvStore.Server.ApiMember;

namespace KvStore.Server;

/// <summary>The OpenAPI part of <see cref="JoinEndpoints"/>.</summary>
internal static class JoinApi
{
    private static readonly ApiSchema Setting = new("SharedSetting", "A setting that must be the same on all replicas.", [Text("name", "Its name."), Text("value", "Its value.")]);

    private static readonly ApiSchema Answer = new("JoinAnswer", "Where the store is, and what must be the same on all replicas.",
    [
        Text("engine", "`disk`, `memory` or `etcd`. Only a replica of the engine `etcd` can be joined."),
        Text("store_id", "The store; absent until it is loaded.").Optional(),
        Text("etcd_cluster_id", "The id of the etcd cluster; absent with other engines, and until etcd has answered.").Optional(),
        Texts("etcd", "The endpoints of etcd; none with other engines."),
        Text("etcd_prefix", "What the keys of the store in etcd begin with."),
        Text("etcd_ca", "The certificates of the authorities of etcd, in PEM; absent if they are those of the system.").Optional(),
        Objects("settings", "The settings that must be the same on all replicas.", Setting),
    ]);

    public static readonly ApiOperation Invite = new("getClusterJoin", ApiTags.Operations, "Read what a new replica needs",
        "What a process that is started with `--join` asks for: where the store is, and the settings that must be the same on all replicas. Never a credential.")
    {
        Rights = Rights.Admin,
        Responses = [new(200, "What it needs.") { Contents = [new ApiContent(ContentTypes.Json, Answer, Example())] }],
    };

    private static JsonNode? Example()
    {
        var utf8 = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(utf8))
            JoinInvitation.Example.Write(json);
        return JsonNode.Parse(utf8.WrittenSpan);
    }
}
