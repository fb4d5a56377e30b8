
namespace KvStore.Server.Tests;

public sealed class CommandLineTests
{
    [Theory]
    [InlineData("--engine memory", "--KvStore:Engine=memory")]
    [InlineData("--engine=memory --data /d", "--KvStore:Engine=memory --KvStore:Data=/d")]
    [InlineData("--operations-urls http://127.0.0.1:9090", "--KvStore:OperationsUrls=http://127.0.0.1:9090")]
    [InlineData("--urls http://*:1;http://*:2", "--urls=http://*:1;http://*:2")]
    [InlineData("--KvStore:ValueBytesMax 10", "--KvStore:ValueBytesMax=10")]
    [InlineData("--kvstore:Data=a=b", "--kvstore:Data=a=b")]
    [InlineData("--Serilog:MinimumLevel:Default=Debug --Kestrel:Endpoints:A:Url=http://*:1", "--Serilog:MinimumLevel:Default=Debug --Kestrel:Endpoints:A:Url=http://*:1")]
    [InlineData("--http_ports 80 --environment Development", "--http_ports=80 --environment=Development")]
    [InlineData("--KvStore= --Serilog:MinimumLevel= --KvStore:Data=", "--KvStore:Data=")]
    public void Parse_Switches_AreSettings(string given, string settings)
    {
        var commandLine = CommandLine.Parse(given.Split(' '));
        Assert.Empty(commandLine.Problems);
        Assert.Equal(settings, string.Join(' ', commandLine.Settings));
        Assert.Equal(CommandKind.Serve, commandLine.Kind);
    }

    [Theory]
    [InlineData("--enigne memory", "--enigne is not a switch. See --help.")]
    [InlineData("--Kvstor:Engine=memory", "--Kvstor:Engine is not a switch. See --help.")]
    [InlineData("--KvStore memory", "--KvStore is not a switch. See --help.")]
    [InlineData("memory", "memory is not a command or a switch. See --help.")]
    [InlineData("-x memory", "-x is not a command or a switch. See --help.|memory is not a command or a switch. See --help.")]
    [InlineData("-engine memory", "-engine is not a switch. Is --KvStore:Engine meant?")]
    [InlineData("-d /d --engine", "-d is not a switch. Is --data meant, such as --data ./data?|--engine needs a value.")]
    [InlineData("--data-dir=/d", "--data-dir is not a switch. Is --data meant, such as --data ./data?")]
    [InlineData("--flush-mode always", "--flush-mode is not a switch. Is --KvStore:FlushMode meant?")]
    [InlineData("--ValueBytesMax=5", "--ValueBytesMax is not a switch. Is --KvStore:ValueBytesMax meant?")]
    [InlineData("--log-level debug", "--log-level is not a switch. Is --Serilog:MinimumLevel:Default meant, such as --Serilog:MinimumLevel:Default Debug?")]
    [InlineData("verify /d", "/d is not a switch. Is --data /d meant?")]
    [InlineData("repair d --engine memory", "d is not a switch. Is --data d meant?")]
    [InlineData("--urls", "--urls needs a value.")]
    [InlineData("--port 8081", "--port is not a switch. Is --urls meant, such as --urls http://localhost:8080?")]
    [InlineData("-p 8081 --engine memory", "-p is not a switch. Is --urls meant, such as --urls http://localhost:8080?")]
    [InlineData("--url=http://*:1", "--url is not a switch. Is --urls meant, such as --urls http://localhost:8080?")]
    [InlineData("--engine --data /d", "--engine needs a value.")]
    [InlineData("--data /d healthcheck", "healthcheck is not a command or a switch. See --help.")]
    public void Parse_Invalid_IsReported(string given, string problems) =>
        Assert.Equal(problems, string.Join('|', CommandLine.Parse(given.Split(' ')).Problems));

    [Theory]
    [InlineData("--help", nameof(CommandKind.Help))]
    [InlineData("-h", nameof(CommandKind.Help))]
    [InlineData("--version", nameof(CommandKind.Version))]
    [InlineData("healthcheck", nameof(CommandKind.HealthCheck))]
    [InlineData("healthcheck --urls http://*:1", nameof(CommandKind.HealthCheck))]
    [InlineData("verify --data /d", nameof(CommandKind.Verify))]
    [InlineData("repair --data /d", nameof(CommandKind.Repair))]
    [InlineData("new-store-id --data /d", nameof(CommandKind.NewStoreId))]
    [InlineData("healthcheck --help", nameof(CommandKind.Help))]
    [InlineData("", nameof(CommandKind.Serve))]
    [InlineData("serve --engine memory", nameof(CommandKind.Serve))]
    [InlineData("help", nameof(CommandKind.Help))]
    [InlineData("version", nameof(CommandKind.Version))]
    public void Parse_Command_IsRecognised(string given, string kind) =>
        Assert.Equal(kind, CommandLine.Parse(given.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Kind.ToString());
}
