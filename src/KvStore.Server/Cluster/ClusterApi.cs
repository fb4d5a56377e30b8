using Microsoft.OpenApi;
using static KvStore.Server.ApiMember;

namespace KvStore.Server;

/// <summary>The OpenAPI part of <see cref="ClusterEndpoints"/>.</summary>
internal static class ClusterApi
{
    private static readonly ApiSchema Replica = new("Replica", "A replica of the store.",
    [
        Text("id", "Names the process: a replica that was restarted is another one."),
        Text("name", "What operators call it: `ReplicaName`."),
        Text("url", "Where it is reached: `ReplicaUrl`."),
        Text("state", "`joining` while it loads, `ready`, `draining`, `failed` after 2.5 s of silence or if its store has failed, or `unknown` while etcd cannot be asked."),
        Integer("revision", "The revision of its latest snapshot when it last said so."),
        Integer("lag", "How many revisions it was behind the answering replica then; null while the states are unknown.").Nullable(),
        Text("version", "The version of its program."),
        Number("last_seen_seconds", "Seconds since it last said something."),
    ]);

    private static readonly ApiSchema Member = new("EtcdMember", "A member of the etcd cluster.",
    [
        Text("name", "Its name."),
        Texts("urls", "Where it serves clients."),
        Flag("reachable", "Whether it has answered this replica."),
        Flag("leader", "Whether it is the leader."),
        Integer("size", "Bytes of its database; null if it has not answered.").Nullable(),
        Integer("size_in_use", "Bytes of those that are in use; null if it has not answered.").Nullable(),
        Text("version", "Its version; null if it has not answered.").Nullable(),
    ]);

    private static readonly ApiSchema Quorum = new("Quorum", "How many members of etcd have to agree on a write.",
    [
        Integer("healthy", "Members that answer and know a leader."),
        Integer("needed", "How many are needed."),
        Integer("tolerates", "How many more may fail."),
    ]);

    private static readonly ApiSchema Answer = new("ClusterAnswer", "The replicas of the store.",
    [
        Text("store_id", "The store; absent until it is loaded.").Optional(),
        Time("as_of", "When etcd was asked last."),
        Objects("replicas", "The replicas, by their ids. Engines other than `etcd` have one.", Replica),
        Objects("etcd", "The members of etcd; none with other engines.", Member),
        Texts("alarms", "Alarms that etcd has raised, such as `NOSPACE`."),
        Object("quorum", "How many members of etcd have to agree on a write.", Quorum),
    ]);

    public static readonly ApiOperation Read = new("getCluster", ApiTags.Operations, "List the replicas",
        "The replicas of the store and the members of etcd, as this replica sees them. etcd is asked at most once a second, however many ask. While etcd cannot be asked, every state is `unknown`.")
    {
        Rights = Rights.Admin,
        Responses = [new(200, "The replicas.") { Contents = [new ApiContent(ContentTypes.Json, Answer, Example())] }],
    };

    public static readonly ApiOperation Forget = new("forgetReplica", ApiTags.Operations, "Forget a failed replica",
        "Removes a replica that has failed from the list. After ten minutes of silence that happens by itself. One that speaks again is listed again.")
    {
        Rights = Rights.Admin,
        Parameters = [new("id", ParameterLocation.Path, JsonSchemaType.String, "The replica's id.", ClusterStatus.Example.Replicas[1].Id)],
        Responses =
        [
            new(204, "It is forgotten."),
            new(404, "No replica has this id.") { Problem = Problems.NoSuchReplica(ClusterStatus.Example.Replicas[1].Id) },
            new(409, "It is alive; nothing was changed.") { Problem = Problems.ReplicaIsAlive(ClusterStatus.Example.Replicas[1].Name) },
            ApiParts.Loading with { SharedAs = null, Description = "etcd could not be asked.", Problem = Problems.ClusterUnknown() },
        ],
    };

    private static JsonNode? Example()
    {
        var utf8 = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(utf8))
            ClusterJson.Write(json, ClusterStatus.Example);
        return JsonNode.Parse(utf8.WrittenSpan);
    }
}
