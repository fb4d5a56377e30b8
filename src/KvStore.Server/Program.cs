using KvStore.Server.Endpoints;
using KvStore.Server.Hosting;
using KvStore.Server.Http;
using KvStore.Server.Logging;
using KvStore.Server.OpenApi;

var commandLine = CommandLine.Parse(args);
switch (commandLine.Kind)
{
    case CommandKind.Help:
        Console.Write(Usage.Text());
        return ExitCodes.Success;
    case CommandKind.Version:
        Console.WriteLine(ServiceRunner.Version);
        return ExitCodes.Success;
}

try
{
    var builder = ServiceBuilder.Create(commandLine);
    switch (commandLine.Kind)
    {
        case CommandKind.HealthCheck:
            return await HealthCheck.RunAsync(builder.Configuration, Console.Out);
        case CommandKind.Verify:
            return DataCommands.Verify(builder.Configuration, Console.Out);
        case CommandKind.Repair:
            return DataCommands.Repair(builder.Configuration, Console.Out);
    }

    builder.Logging.AddServiceLogging(builder.Configuration);
    builder.Services.AddKvStore();
    builder.Services.AddKvStoreOpenApi();

    var app = builder.Build();
    app.UseRequestBoundary();
    app.UseKeyRouting();
    app.UseRouting();

    app.MapEntryEndpoints();
    app.MapListingEndpoints();
    app.MapCounterEndpoints();
    app.MapWatchEndpoints();
    app.MapTransactionEndpoints();
    app.MapBatchEndpoints();
    app.MapTransferEndpoints();
    app.MapPersonEndpoints();
    app.MapOperatingEndpoints();
    app.MapMetricsEndpoint();
    app.MapCheckpointEndpoint();
    app.MapKvStoreOpenApi();

    return await app.RunToExitCodeAsync();
}
catch (Exception exception) when (ServiceRunner.IsExplained(exception))
{
    return ServiceRunner.Refuse(exception);
}
