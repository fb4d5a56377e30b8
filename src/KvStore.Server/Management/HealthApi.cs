namespace KvStore.Server;

/// <summary>The OpenAPI part of <see cref="HealthEndpoints"/>.</summary>
internal static class HealthApi
{
    private static readonly ApiSchema Answer = new("HealthAnswer", "The answer to a health check.", [ApiMember.Text("status", "`alive` or `ready`.")]);

    public static readonly ApiOperation Live = new("getLive", ApiTags.Operations, "Check liveness",
        "200 as long as the process responds. If it does not, restart it.")
    {
        Rights = RightsRequirement.Open,
        Responses = [Ok("alive")],
    };

    public static readonly ApiOperation Ready = new("getReady", ApiTags.Operations, "Check readiness",
        "200 when reads and writes are served, otherwise 503 with the reason in `detail`: the store is loading, is stopping or has failed, or its disk has; with `ReadyWithoutEtcd=false`, also that etcd does not answer. Route requests elsewhere.")
    {
        Rights = RightsRequirement.Open,
        Responses = [Ok("ready"), ApiParts.Loading with { SharedAs = null, Problem = Problems.Loading() with { Outcome = null } }],
    };

    private static ApiResponse Ok(string status) => new(200, $"The service is {status}.")
    {
        Contents = [new ApiContent(ContentTypes.Json, Answer, new JsonObject { ["status"] = status })],
    };
}
