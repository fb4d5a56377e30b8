namespace KvStore.Server;

/// <summary>GET and HEAD of /v1/regions: which other stores mergeable values are exchanged with, and how far that is.</summary>
internal sealed class RegionEndpoints(ServedRegions regions, KvStoreOptions options, TimeProvider time)
{
    private const string Regions = "/v1/regions";

    public static void Map(IEndpointRouteBuilder routes)
    {
        var endpoints = ActivatorUtilities.CreateInstance<RegionEndpoints>(routes.ServiceProvider);
        routes.Map(HttpMethods.Get, Regions, endpoints.ListAsync, RegionApi.List);
        routes.Map(HttpMethods.Head, Regions, endpoints.ListAsync, RegionApi.List.AsHead("headRegions"));
    }

    private async Task<Problem?> ListAsync(HttpContext context)
    {
        if (QueryParameters.TryGet(context, [], out _) is { } malformed)
            return malformed;
        var output = new JsonOutput(context, options);
        output.Json.WriteStartObject();
        output.Json.WriteStartArray("regions"u8);
        foreach (var region in regions.All)
            RegionJson.Write(output.Json, region, time);
        output.Json.WriteEndArray();
        output.Json.WriteEndObject();
        await output.FlushAsync();
        return null;
    }
}
