using KvStore.Server.Endpoints;
using KvStore.Server.Hosting;
using KvStore.Server.Logging;

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
    if (commandLine.Kind == CommandKind.HealthCheck)
        return await HealthCheck.RunAsync(builder.Configuration, Console.Out);

    builder.Logging.AddServiceLogging(builder.Configuration);
    builder.Services.AddKvStore();

    var app = builder.Build();
    app.UseRequestBoundary();
    app.UseRouting();

    app.MapOperatingEndpoints();

    return await app.RunToExitCodeAsync();
}
catch (Exception exception) when (ServiceRunner.IsExplained(exception))
{
    return ServiceRunner.Refuse(exception);
}
