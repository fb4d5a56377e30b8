namespace KvStore.Server;

/// <summary>The commands of the command line.</summary>
internal enum CommandKind
{
    /// <summary>Run the service.</summary>
    Serve,

    /// <summary>Check whether a running service is ready.</summary>
    HealthCheck,

    /// <summary>Read all files of the data directory and report what is in them.</summary>
    Verify,

    /// <summary>Make a damaged data directory usable.</summary>
    Repair,

    /// <summary>Give the store of a data directory a new id.</summary>
    NewStoreId,

    /// <summary>Print the usage.</summary>
    Help,

    /// <summary>Print the version.</summary>
    Version,
}

/// <summary>The command line: a command, its settings as <c>--Key=Value</c> for .NET's command line source, and every error, a sentence each.</summary>
internal sealed record CommandLine(CommandKind Kind, string[] Settings, IReadOnlyList<string> Problems)
{
    private static readonly Dictionary<string, string> ShortSwitches = new(StringComparer.OrdinalIgnoreCase)
    {
        ["engine"] = "KvStore:Engine",
        ["data"] = "KvStore:Data",
        ["etcd"] = "KvStore:Etcd",
        ["join"] = "KvStore:Join",
        ["join-token"] = "KvStore:JoinToken",
        ["keys"] = "KvStore:Keys",
        ["operations-urls"] = AddressSettings.OperationsKey,
    };

    private static readonly Dictionary<string, CommandKind> Commands = new(StringComparer.Ordinal)
    {
        ["healthcheck"] = CommandKind.HealthCheck,
        ["verify"] = CommandKind.Verify,
        ["repair"] = CommandKind.Repair,
        ["new-store-id"] = CommandKind.NewStoreId,
        ["serve"] = CommandKind.Serve,
        ["help"] = CommandKind.Help,
        ["version"] = CommandKind.Version,
    };

    // Settings of .NET and ASP.NET Core without a section.
    private static readonly string[] HostKeys =
        ["urls", "http_ports", "https_ports", "environment", "contentRoot", "applicationName", "preferHostingUrls"];

    private static readonly string[] Sections = [KvStoreOptions.Section, "Serilog", "Kestrel"];

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
            else if (HintFor(argument) is { } hint)
            {
                problems.Add($"{argument.Split('=')[0]} is not a switch. Is {hint}?");
                if (!argument.Contains('=', StringComparison.Ordinal) && i + 1 < arguments.Count && !arguments[i + 1].StartsWith('-'))
                    i++;
            }
            else if (!argument.StartsWith('-') && kind is CommandKind.Verify or CommandKind.Repair or CommandKind.NewStoreId)
            {
                problems.Add($"{argument} is not a switch. Is --data {argument} meant?");
            }
            else if (!argument.StartsWith("--", StringComparison.Ordinal))
            {
                problems.Add($"{argument} is not a command or a switch. See --help.");
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
                    problems.Add($"--{parts[0]} is not a switch. See --help.");
                else if (value is null)
                    problems.Add($"--{parts[0]} needs a value.");
                else
                    settings.Add($"--{key}={value}");
            }
        }

        return new CommandLine(kind, [.. settings], problems);
    }

    /// <summary>The configuration key of a switch, or null if it is unknown.</summary>
    private static string? KeyOf(string name)
    {
        if (ShortSwitches.TryGetValue(name, out var key))
            return key;
        var section = name.Split(':')[0];
        var known = section.Length < name.Length ? IsSection(section) : HostKeys.Contains(name, StringComparer.OrdinalIgnoreCase);
        return known ? name : null;
    }

    private static string? HintFor(string argument)
    {
        var name = argument.Split('=')[0];
        return name.StartsWith("--", StringComparison.Ordinal) && KeyOf(name[2..]) is not null ? null : ArgumentHints.SwitchFor(name);
    }

    private static bool IsSection(string name) => Sections.Contains(name, StringComparer.OrdinalIgnoreCase);

    // Hosts that start a service in their own process, such as .NET's test and document tools, pass sections without a value.
    private static bool IsEmptySection(string name) =>
        IsSection(name) || (IsSection(name.Split(':')[0]) && !name.StartsWith(KvStoreOptions.Section + ":", StringComparison.OrdinalIgnoreCase));
}

/// <summary>What an unknown argument of the command line probably means: a setting without its section, or what other programs call it.</summary>
internal static class ArgumentHints
{
    private static readonly string[] AddressNames = ["p", "port", "url", "host", "bind", "listen", "address"];

    private static readonly string[] DataNames = ["d", "dir", "directory", "datadir", "path"];

    private static readonly string[] LogLevelNames = ["loglevel", "verbosity", "verbose"];

    /// <summary>The right switch, perhaps with an example, or null.</summary>
    /// <param name="name">The argument up to its equals sign.</param>
    public static string? SwitchFor(string name)
    {
        if (!name.StartsWith('-'))
            return null;
        var spelt = name.Replace("-", "", StringComparison.Ordinal).Replace("_", "", StringComparison.Ordinal);
        if (IsOneOf(AddressNames))
            return $"--urls meant, such as --urls {AddressSettings.Default}";
        if (IsOneOf(DataNames))
            return $"--data meant, such as --data {KvStoreOptions.DataDefault}";
        if (IsOneOf(LogLevelNames))
            return "--Serilog:MinimumLevel:Default meant, such as --Serilog:MinimumLevel:Default Debug";
        return Usage.Settings().FirstOrDefault(setting => setting.Name.Equals(spelt, StringComparison.OrdinalIgnoreCase)) is { } found
            ? $"--{KvStoreOptions.Section}:{found.Name} meant"
            : null;

        bool IsOneOf(string[] names) => names.Contains(spelt, StringComparer.OrdinalIgnoreCase);
    }
}
