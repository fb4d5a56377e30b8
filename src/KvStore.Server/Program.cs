using KvStore.Server;

if (args is ["keys", .. var arguments])
    return await KeyCommands.RunAsync(arguments);

var commandLine = CommandLine.Parse(args);
switch (commandLine.Kind)
{
    case CommandKind.Help:
        Console.Write(Usage.Text());
        return ExitCodes.Success;
    case CommandKind.Version:
        Console.WriteLine(ServiceVersion.Text);
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
        case CommandKind.NewStoreId:
            return DataCommands.Renew(builder.Configuration, Console.Out);
    }

    IdleWorkers.WaitAtOnceFor(builder.Configuration);
    await Joining.PrepareAsync(builder.Configuration);
    await FirstKey.PrepareAsync(builder.Configuration, Console.Out);
    builder.Logging.AddServiceLogging(builder.Configuration);
    builder.Services.AddCluster(builder.Configuration).AddKvStore().AddTelemetry(builder.Configuration).AddAccess(builder.Configuration).AddKvStoreOpenApi();
    TokenAuthentication.Add(builder.Services, builder.Configuration);

    var app = builder.Build();
    RequestPipeline.Use(app);
    ServiceEndpoints.Map(app);

    return await app.RunToExitCodeAsync();
}
catch (Exception exception) when (ServiceRunner.IsExplained(exception))
{
    return ServiceRunner.ReportFailure(exception);
}
