using System.Text.RegularExpressions;

namespace KvStore.Tests;

/// <summary>Every link, path and heading that a document or a source comment names exists.</summary>
public sealed partial class DocumentLinkTests
{
    private static readonly string[] Documents =
        [.. SourceTree.Files("", "*.md").Where(file => !file.Split('/').Any(part => part is "artifacts" or "node_modules"))];

    [Fact]
    public void Links_Relative_Resolve() => SourceTree.AssertNone(
        from document in Documents
        from link in Link().Matches(SourceTree.Read(document))
        let path = link.Groups["path"].Value
        where !path.Contains(':', StringComparison.Ordinal)
        let target = path.Length == 0 ? document : Path.Join(Path.GetDirectoryName(document), path)
        where !HasHeading(target, link.Groups["heading"].Value)
        select $"{document}: {link.Value}");

    [Fact]
    public void Paths_InCode_Exist() => SourceTree.AssertNone(
        from document in Documents
        from code in Code().Matches(SourceTree.Read(document))
        from path in RepositoryPath().Matches(code.Value)
        where !Path.Exists(Path.Join(SourceTree.Root, path.Value))
        select $"{document}: {path.Value}");

    [Fact]
    public void Sources_DocumentReferences_Resolve() => SourceTree.AssertNone(
        from source in SourceTree.Files("src", "*.cs")
        from name in DocumentName().Matches(SourceTree.Read(source))
        where !HasHeading(name.Groups["path"].Value, name.Groups["heading"].Value)
        select $"{source}: {name.Value}");

    [Fact]
    public void Tests_InCode_Exist()
    {
        var files = SourceTree.Files("tests", "*Tests.cs").ToLookup(file => Path.GetFileNameWithoutExtension(file), SourceTree.Read);
        SourceTree.AssertNone(
            from document in Documents
            from test in TestName().Matches(SourceTree.Read(document))
            where !files[test.Groups["class"].Value].Any(source => source.Contains($" {test.Groups["method"].Value}(", StringComparison.Ordinal))
            select $"{document}: {test.Value}");
        Assert.InRange(TestName().Count(SourceTree.Read("docs/caching.md")), 40, 400);
    }

    [Fact]
    public void Documents_Exist() => Assert.True(Documents.Length >= 10, $"Only {Documents.Length} documents were found.");

    private static bool HasHeading(string file, string heading) => Path.Exists(Path.Join(SourceTree.Root, file)) &&
        (heading.Length == 0 || Heading().Matches(SourceTree.Read(file)).Any(match => Anchor(match.Groups["text"].Value) == heading));

    // The anchor that GitHub gives a heading.
    private static string Anchor(string heading) =>
        string.Concat(heading.Trim().ToLowerInvariant().Replace(' ', '-').Where(c => char.IsLetterOrDigit(c) || c is '-' or '_'));

    [GeneratedRegex(@"\]\((?<path>[^()#\s]*)(#(?<heading>[^()\s]+))?\)")]
    private static partial Regex Link();

    [GeneratedRegex("(?s)```.*?```|`[^`\n]+`")]
    private static partial Regex Code();

    [GeneratedRegex(@"(?<![\w/.-])(src|docs|tests|bench|samples)/[\w./-]*\w")]
    private static partial Regex RepositoryPath();

    [GeneratedRegex(@"`(?<class>[A-Z]\w*Tests)\.(?<method>\w+)`")]
    private static partial Regex TestName();

    [GeneratedRegex(@"\b(?<path>docs/[\w/-]+\.md)(#(?<heading>[a-z][a-z-]*[a-z]))?")]
    private static partial Regex DocumentName();

    [GeneratedRegex("(?m)^#{1,6} (?<text>.+)$")]
    private static partial Regex Heading();
}
