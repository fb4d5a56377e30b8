namespace KvStore.Server.Endpoints;

/// <summary>The resources of the service, by name.</summary>
internal static class EndpointMapping
{
    /// <summary>/v1/kv/{key} and /v1/kv/{prefix}/.</summary>
    public static void MapEntryEndpoints(this IEndpointRouteBuilder routes)
    {
        EntryEndpoints.Map(routes);
        PatchEndpoints.Map(routes);
        AppendEndpoints.Map(routes);
    }

    /// <summary>/v1/kv.</summary>
    public static void MapListingEndpoints(this IEndpointRouteBuilder routes)
    {
        ListingEndpoints.Map(routes);
        PrefixEndpoints.Map(routes);
    }

    /// <summary>/v1/counters/{key}.</summary>
    public static void MapCounterEndpoints(this IEndpointRouteBuilder routes) => CounterEndpoints.Map(routes);

    /// <summary>/v1/watch.</summary>
    public static void MapWatchEndpoints(this IEndpointRouteBuilder routes) => WatchEndpoints.Map(routes);

    /// <summary>/v1/admin/checkpoint.</summary>
    public static void MapCheckpointEndpoint(this IEndpointRouteBuilder routes) => CheckpointEndpoint.Map(routes);

    /// <summary>/metrics.</summary>
    public static void MapMetricsEndpoint(this IEndpointRouteBuilder routes) => MetricsEndpoint.Map(routes);

    /// <summary>/v1/txn.</summary>
    public static void MapTransactionEndpoints(this IEndpointRouteBuilder routes) => TransactionEndpoints.Map(routes);

    /// <summary>/v1/batch/get.</summary>
    public static void MapBatchEndpoints(this IEndpointRouteBuilder routes) => BatchEndpoints.Map(routes);

    /// <summary>/v1/export and /v1/import.</summary>
    public static void MapTransferEndpoints(this IEndpointRouteBuilder routes) => TransferEndpoints.Map(routes);

    /// <summary>/person/update and /person/get.</summary>
    public static void MapPersonEndpoints(this IEndpointRouteBuilder routes) => PersonEndpoints.Map(routes);
}
