using Microsoft.OpenApi;

namespace KvStore.Server;

/// <summary>The OpenAPI part of <see cref="StatusEndpoints"/>.</summary>
internal static class StatusApi
{
    public static readonly ApiOperation Status = new("getStatus", ApiTags.Operations, "Read the status",
        "The version, the state of the store, its size, its queue, its watchers, the log on disk with its newest checkpoint, and the limits. Sizes are in bytes, durations in seconds.")
    {
        Rights = Rights.Admin,
        Responses =
        [
            new(200, "The status.") { Contents = [new ApiContent(ContentTypes.Json, StatusField.SchemaOf("StatusAnswer", "What the service is doing.", StatusFields.All), Example())] },
        ],
    };

    public static readonly ApiOperation Metrics = new("metrics", ApiTags.Operations, "Read the metrics",
        "The numbers of `/v1/status`, requests by operation and status with their durations, and the resources of the process, in the text format of Prometheus, or as OpenMetrics if `Accept` prefers that. An operation appears after its first request.")
    {
        Rights = Rights.Admin,
        Responses =
        [
            new(200, "The values of now.")
            {
                Headers =
                [
                    new("Vary", JsonSchemaType.String, "They may be compressed.", "Accept-Encoding"),
                    new("Last-Modified", JsonSchemaType.String, "When they were collected (an HTTP date).", "Sat, 31 Jan 2026 12:00:00 GMT"),
                ],
                Contents = [new ApiContent("text/plain", null, "# TYPE kvstore_keys gauge\n# HELP kvstore_keys Entries.\nkvstore_keys{} 3\n")],
            },
        ],
    };

    private static JsonNode? Example()
    {
        var utf8 = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(utf8))
            StatusField.WriteJson(json, StatusFields.All, ServiceStatus.Example);
        return JsonNode.Parse(utf8.WrittenSpan);
    }
}
