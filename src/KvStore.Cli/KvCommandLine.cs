using System.CommandLine.Help;
using System.Reflection;

namespace KvStore.Cli;

/// <summary>The commands of the program, and what is wrong with a command line.</summary>
internal static class KvCommandLine
{
    private const string Description = """
        The command line of KvStore, a linearizable key-value store that speaks HTTP.

        It prints for people on a terminal, and JSON lines in a pipe. Exit codes: 0 done, 1 no such entry or a
        condition failed, 2 wrong usage, 3 service not reached, 4 not allowed, 5 refused or failed, 6 outcome of a
        write unknown, 7 import incomplete, 130 interrupted.
        """;

    public static string Version => typeof(KvCommandLine).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "unknown";

    public static RootCommand Create()
    {
        var root = new RootCommand(Description)
        {
            GetCommand.Create(), PutCommand.Create(), DeleteCommand.Create(), ListCommand.Create(), WatchCommand.Create(), TransactionCommand.Create(), CasCommand.Create(), CounterCommand.Create(),
            ExportCommand.Create(), ImportCommand.Create(), BenchCommand.Create(), StatusCommand.Create(), ClusterCommand.Create(), KeysCommand.Create(), ProfileCommand.Create(),
            CompletionCommand.Create(), CompletionCommand.CreateComplete(Create), CreateVersion(),
        };
        foreach (var option in GlobalOptions.All)
            root.Add(option);
        GlobalOptions.Profile.CompletionSources.Clear();
        GlobalOptions.Profile.CompletionSources.Add(_ => ProfileCommand.Names());
        return root;
    }

    /// <summary>Runs a command line.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(string[] arguments)
    {
        var line = Create().Parse(arguments.Length == 0 ? ["--help"] : arguments, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (line.Action is not HelpAction && CommandLineErrors.Find(line) is { } error)
        {
            await Console.Error.WriteLineAsync($"kv: {error}");
            return (int)ExitCode.Usage;
        }

        // The command has its own signals, and its own messages of exceptions.
        var code = await line.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
        return arguments.Length == 0 ? (int)ExitCode.Usage : code;
    }

    private static Command CreateVersion()
    {
        var command = new Command("version", "Print the version of this program");
        command.Run((session, _) =>
        {
            if (session.IsJsonAskedFor)
                session.WriteJson(json => WriteVersion(json));
            else
                session.Out.Line($"kv {Version}");
            return Task.FromResult(ExitCode.Done);
        });
        return command;
    }

    private static void WriteVersion(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("version"u8, Version);
        json.WriteEndObject();
    }
}
