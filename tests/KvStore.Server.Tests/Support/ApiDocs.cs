namespace KvStore.Server.Tests;

/// <summary>docs/http-api.md, as people read it.</summary>
internal static class ApiDocs
{
    public static string Text { get; } = File.ReadAllText(Path.Combine(Repository.Root, "docs", "http-api.md"));

    /// <summary>What the headings can be linked by.</summary>
    public static IReadOnlySet<string> Headings { get; } = Text.Split('\n')
        .Where(line => line.StartsWith('#'))
        .Select(line => line.TrimStart('#').Trim().Trim('`').ToLowerInvariant().Replace(' ', '-'))
        .ToHashSet(StringComparer.Ordinal);

    /// <summary>What a problem's type may be.</summary>
    public static IReadOnlySet<string> ProblemTypes { get; } = Headings.Select(heading => "/docs/http-api#" + heading).ToHashSet(StringComparer.Ordinal);
}
