namespace KvStore.Server;

/// <summary>The OpenAPI part of <see cref="HealthEndpoints"/>.</summary>
internal static class HealthApi
{
    private static readonly ApiSchema Answer = new("HealthAnswer", "The answer to a health check.", [ApiMember.Text("status", "`alive` or `ready`.")]);

    public static readonly ApiOperation Live = new("getLive", ApiParts.OperatingTag, "Check liveness",
        "Answers as long as the process lives. If it does not answer, restart the process.")
    {
        Responses = [Ok("alive")],
    };

    public static readonly ApiOperation Ready = new("getReady", ApiParts.OperatingTag, "Check readiness",
        "200 while reads and writes are served. 503, with the reason in the detail, while the store loads or stops, and when the store or its disk has failed: send requests elsewhere.")
    {
        Responses = [Ok("ready"), ApiParts.Loading with { Problem = Problems.Loading() with { Outcome = null } }],
    };

    private static ApiResponse Ok(string status) => new(200, $"The service is {status}.")
    {
        Contents = [new ApiContent(ContentTypes.Json, Answer, new JsonObject { ["status"] = status })],
    };
}
