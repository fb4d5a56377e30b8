namespace KvStore.Server;

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
