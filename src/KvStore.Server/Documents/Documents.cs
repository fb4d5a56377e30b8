using System.Collections.Frozen;
using System.Reflection;

namespace KvStore.Server;

/// <summary>The documents of this release as pages below /docs, so that the type of a problem leads to its explanation. Immutable.</summary>
internal sealed class Documents
{
    public const string Root = "/docs";

    // The name that each document has as a resource of the program begins with this.
    private const string ResourcePrefix = "docs/";

    private readonly FrozenDictionary<string, CachedContent> _pages;

    private Documents(FrozenDictionary<string, CachedContent> pages) => _pages = pages;

    /// <summary>Every path that is served.</summary>
    public IEnumerable<string> Paths => _pages.Keys;

    /// <param name="pathBase">What the path of every link begins with.</param>
    public static Documents Read(string pathBase = "")
    {
        var assembly = typeof(Documents).Assembly;
        var names = assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(ResourcePrefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal).ToArray();
        var served = names.Select(PathOf).ToHashSet(StringComparer.Ordinal);
        var pages = names.ToDictionary(PathOf, name => Render(MarkdownPage.Of(ReadText(assembly, name), PathOf(name), served, pathBase)), StringComparer.Ordinal);
        var index = Index(names.Select(name => (PathOf(name), Title: TitleOf(ReadText(assembly, name)))));
        pages.Add(Root, Render(MarkdownPage.Of(index, Root, served, pathBase)));
        return new Documents(pages.ToFrozenDictionary(StringComparer.Ordinal));
    }

    /// <summary>The page at a path, or null.</summary>
    public CachedContent? Find(string path) => _pages.GetValueOrDefault(path);

    private static string PathOf(string name) => "/" + name;

    // The decisions, whose titles begin with their numbers, come after what users read.
    private static string Index(IEnumerable<(string Path, string Title)> documents)
    {
        var text = new StringBuilder("# Documents\n\nThe documents of this release of KvStore. [Swagger UI](/swagger) lets you try every operation.\n\n");
        foreach (var (path, title) in documents.OrderBy(document => char.IsAsciiDigit(document.Title[0])).ThenBy(document => document.Title, StringComparer.OrdinalIgnoreCase))
            text.Append(CultureInfo.InvariantCulture, $"- [{title}]({path})\n");
        return text.ToString();
    }

    // Every document begins with its title, as a heading of the first level.
    private static string TitleOf(string markdown) => markdown[..markdown.IndexOf('\n', StringComparison.Ordinal)].TrimStart('#').Trim();

    private static string ReadText(Assembly assembly, string name)
    {
        using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
        return reader.ReadToEnd();
    }

    private static CachedContent Render(string html) => new(Encoding.UTF8.GetBytes(html), "text/html; charset=utf-8");
}
