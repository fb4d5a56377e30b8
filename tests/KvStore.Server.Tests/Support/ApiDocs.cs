namespace KvStore.Server.Tests;

/// <summary>docs/http-api.md, as people read it.</summary>
internal static class ApiDocs
{
    public static string Text { get; } = File.ReadAllText(Path.Combine(Root(), "docs", "http-api.md"));

    /// <summary>What the headings can be linked by.</summary>
    public static IReadOnlySet<string> Headings { get; } = Text.Split('\n')
        .Where(line => line.StartsWith('#'))
        .Select(line => line.TrimStart('#').Trim().Trim('`').ToLowerInvariant().Replace(' ', '-'))
        .ToHashSet(StringComparer.Ordinal);

    /// <summary>What a problem's type may be.</summary>
    public static IReadOnlySet<string> ProblemTypes { get; } = Headings.Select(heading => "docs/http-api.md#" + heading).ToHashSet(StringComparer.Ordinal);

    /// <summary>The directory of the solution.</summary>
    private static string Root()
    {
        var directory = AppContext.BaseDirectory;
        while (directory is not null && !File.Exists(Path.Combine(directory, "KvStore.sln")))
            directory = Path.GetDirectoryName(directory);
        return directory ?? throw new InvalidOperationException($"No KvStore.sln above {AppContext.BaseDirectory}.");
    }
}
