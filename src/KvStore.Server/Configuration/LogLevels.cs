using Serilog.Events;

namespace KvStore.Server;

/// <summary>The section <c>Serilog:MinimumLevel</c> of the configuration: the lowest level that is logged. Immutable.</summary>
/// <param name="Default">The level of every source that no override names. Default <c>Information</c>.</param>
/// <param name="Overrides">Levels of single sources and all below them; the longest matching name wins.</param>
/// <remarks>
/// Serilog.Settings.Configuration reads the same section by reflection, which a native program does not have, and ignores
/// misspelt names.
/// </remarks>
internal sealed record LogLevels(LogEventLevel Default, IReadOnlyDictionary<string, LogEventLevel> Overrides)
{
    private static readonly string[] Names = Enum.GetNames<LogEventLevel>();

    // The framework logs warnings and worse. The web server's Information is enabled because its answers to malformed
    // requests then quote the malformed part; the logger drops the lines themselves.
    private static readonly KeyValuePair<string, LogEventLevel>[] DefaultOverrides =
    [
        new("Microsoft", LogEventLevel.Warning),
        new("Microsoft.AspNetCore.Server.Kestrel", LogEventLevel.Information),
        new("Microsoft.AspNetCore.Server.Kestrel.BadRequests", LogEventLevel.Warning),
        new("Microsoft.AspNetCore.Server.Kestrel.Connections", LogEventLevel.Warning),
    ];

    /// <summary>Reads the levels, and records errors; the default replaces an invalid level.</summary>
    public static LogLevels Read(IConfiguration configuration, List<string> problems)
    {
        var section = new SettingsReader(configuration.GetSection("Serilog"), problems);

        // Serilog's shorthand: the level itself in place of the section.
        var (levels, level) = string.IsNullOrEmpty(configuration["Serilog:MinimumLevel"])
            ? (section.Section("MinimumLevel"), LogEventLevel.Information)
            : (new SettingsReader(configuration.GetSection("Serilog:MinimumLevel"), problems), Level(section, "MinimumLevel", LogEventLevel.Information));
        level = Level(levels, "Default", level);

        var overrides = new Dictionary<string, LogEventLevel>(DefaultOverrides, StringComparer.OrdinalIgnoreCase);
        var sources = levels.Section("Override");
        foreach (var source in sources.Names)
            overrides[source] = Level(sources, source, level);
        section.RejectUnknown();
        levels.RejectUnknown();
        return new LogLevels(level, overrides);
    }

    private static LogEventLevel Level(SettingsReader reader, string name, LogEventLevel fallback) =>
        Enum.Parse<LogEventLevel>(reader.Choice(name, fallback.ToString(), Names, []));
}
