namespace KvStore.Server;

/// <summary>What the command line asks for.</summary>
internal enum CommandKind
{
    /// <summary>Run the service.</summary>
    Serve,

    /// <summary>Ask a running service whether it is ready.</summary>
    HealthCheck,

    /// <summary>Read all files of the data directory and say what is in them.</summary>
    Verify,

    /// <summary>Make a data directory usable that is damaged.</summary>
    Repair,

    /// <summary>Say how to use it.</summary>
    Help,

    /// <summary>Say which version it is.</summary>
    Version,
}

/// <summary>The command line: a command, and settings in the form that .NET's command line source reads.</summary>
/// <param name="Kind">The command.</param>
/// <param name="Settings">Every setting as <c>--Key=Value</c>.</param>
/// <param name="Problems">Everything that is not understood, a sentence each.</param>
internal sealed record CommandLine(CommandKind Kind, string[] Settings, IReadOnlyList<string> Problems)
{
    private static readonly Dictionary<string, string> ShortSwitches = new(StringComparer.OrdinalIgnoreCase)
    {
        ["engine"] = "KvStore:Engine",
        ["data"] = "KvStore:Data",
    };

    private static readonly Dictionary<string, CommandKind> Commands = new(StringComparer.Ordinal)
    {
        ["healthcheck"] = CommandKind.HealthCheck,
        ["verify"] = CommandKind.Verify,
        ["repair"] = CommandKind.Repair,
    };

    // What .NET and ASP.NET Core read without a section.
    private static readonly string[] HostKeys =
        ["urls", "http_ports", "https_ports", "environment", "contentRoot", "applicationName", "preferHostingUrls"];

    private static readonly string[] Sections = [KvStoreOptions.Section, "Serilog", "Kestrel"];

    /// <summary>Understands a command line.</summary>
    public static CommandLine Parse(IReadOnlyList<string> arguments)
    {
        var kind = CommandKind.Serve;
        var settings = new List<string>();
        var problems = new List<string>();
        for (var i = 0; i < arguments.Count; i++)
        {
            var argument = arguments[i];
            if (i == 0 && Commands.TryGetValue(argument, out var command))
            {
                kind = command;
            }
            else if (argument is "--help" or "-h" or "-?")
            {
                kind = CommandKind.Help;
            }
            else if (argument == "--version")
            {
                kind = CommandKind.Version;
            }
            else if (!argument.StartsWith("--", StringComparison.Ordinal))
            {
                problems.Add($"{argument} is not understood. See --help for what is.");
            }
            else
            {
                var parts = argument[2..].Split('=', 2);
                var value = parts.Length == 2 ? parts[1]
                    : i + 1 < arguments.Count && !arguments[i + 1].StartsWith("--", StringComparison.Ordinal) ? arguments[++i]
                    : null;

                if (value is "" && IsEmptySection(parts[0]))
                    continue;
                if (KeyOf(parts[0]) is not { } key)
                    problems.Add($"--{parts[0]} is not a switch. See --help for those that are.");
                else if (value is null)
                    problems.Add($"--{parts[0]} needs a value.");
                else
                    settings.Add($"--{key}={value}");
            }
        }

        return new CommandLine(kind, [.. settings], problems);
    }

    /// <summary>The configuration key of a switch, or null if there is no such switch.</summary>
    private static string? KeyOf(string name)
    {
        if (ShortSwitches.TryGetValue(name, out var key))
            return key;
        var section = name.Split(':')[0];
        var known = section.Length < name.Length ? IsSection(section) : HostKeys.Contains(name, StringComparer.OrdinalIgnoreCase);
        return known ? name : null;
    }

    private static bool IsSection(string name) => Sections.Contains(name, StringComparer.OrdinalIgnoreCase);

    // What starts a service in its own process, as .NET's tools for documents and tests do, hands over sections too, with no value.
    private static bool IsEmptySection(string name) =>
        IsSection(name) || (IsSection(name.Split(':')[0]) && !name.StartsWith(KvStoreOptions.Section + ":", StringComparison.OrdinalIgnoreCase));
}
