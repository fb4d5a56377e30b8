namespace KvStore.Server;

/// <summary>All endpoints of the service.</summary>
internal static class ServiceEndpoints
{
    /// <summary>Adds them, with HEAD and OPTIONS where they are missing, and asks each for the rights that it needs.</summary>
    public static void Map(WebApplication app)
    {
        EntryEndpoints.Map(app);
        CounterEndpoints.Map(app);
        MergeableEndpoints.Map(app);
        BatchEndpoints.Map(app);
        TransferEndpoints.Map(app);
        ListingEndpoints.Map(app);
        TransactionEndpoints.Map(app);
        WatchEndpoints.Map(app);
        HealthEndpoints.Map(app);
        StatusEndpoints.Map(app);
        ClusterEndpoints.Map(app);
        JoinEndpoints.Map(app);
        OriginEndpoints.Map(app);
        OutboxEndpoints.Map(app);
        RegionEndpoints.Map(app);
        CheckpointEndpoints.Map(app);
        PersonEndpoints.Map(app);
        ApiDocument.Map(app);
        SwaggerUi.Map(app);
        DocumentEndpoints.Map(app);
        ConsoleEndpoints.Map(app);
        app.MapHeadAndOptions();
        app.RequireRights();
    }
}
