using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace KvStore.Tests;

/// <summary>Rules of this repository that no analyzer knows.</summary>
public partial class TidyTests
{
    private const int LinesMax = 300;

    private static readonly string Root = SourceTree.Root;

    // BannedSymbols.txt has the calls that are banned; this one is no call.
    [Fact]
    public void Sources_AsyncVoid_DoesNotOccur() => Assert.Empty(
        from file in Sources("src")
        from line in Lines(file)
        where AsyncVoid().IsMatch(Comment().Replace(line.Text, ""))
        select $"{file}:{line.Number}: {line.Text.Trim()} (its exception ends the process)");

    [Fact]
    public void Sources_Length_StaysUnderTheLimit() => Assert.Empty(
        from file in Sources("tests")
        let lines = File.ReadLines(Path.Combine(Root, file)).Count()
        where lines >= LinesMax
        select $"{file}: {lines} lines");

    [Fact]
    public void Sources_WorkLeftUndone_IsNotInTheCode()
    {
        // In two parts, so that this file passes.
        string[] words = ["TO" + "DO", "FIX" + "ME", "XX" + "X:", "HA" + "CK:"];
        Assert.Empty(
            from file in Sources("src").Concat(Sources("tests"))
            from line in Lines(file)
            where words.Any(word => line.Text.Contains(word, StringComparison.Ordinal))
            select $"{file}:{line.Number}: {line.Text.Trim()}");
    }

    [Fact]
    public void Projects_References_PointOnlyDown()
    {
        // What a project may know, besides packages.
        var allowed = new Dictionary<string, string[]>
        {
            ["KvStore"] = [],
            ["KvStore.Storage"] = ["KvStore"],
            ["KvStore.Etcd"] = ["KvStore"],
            ["KvStore.Origins"] = ["KvStore"],
            ["KvStore.Client"] = ["KvStore.Crdt"],
            ["KvStore.Crdt"] = [],
            ["KvStore.Extensions.DependencyInjection"] = ["KvStore.Client"],
            ["KvStore.Extensions.Caching"] = ["KvStore.Client"],
            ["KvStore.Extensions.Configuration"] = ["KvStore.Client"],
            ["KvStore.Extensions.HealthChecks"] = ["KvStore.Client"],
            ["KvStore.Extensions.Locking"] = ["KvStore.Client"],
            ["KvStore.Cli"] = ["KvStore.Client"],
            ["KvStore.Extensions.Queues"] = ["KvStore.Client"],
            ["KvStore.Mergeable"] = ["KvStore", "KvStore.Crdt"],
            ["KvStore.Server"] = ["KvStore", "KvStore.Storage", "KvStore.Etcd", "KvStore.Origins", "KvStore.Mergeable", "KvStore.Crdt"],
        };
        var projects = Directory.GetFiles(Path.Combine(Root, "src"), "*.csproj", SearchOption.AllDirectories);
        Assert.NotEmpty(projects);
        Assert.All(projects, project => Assert.Subset(
            allowed[Path.GetFileNameWithoutExtension(project)].ToHashSet(),
            Items(project, "ProjectReference").Select(path => Path.GetFileNameWithoutExtension(path.Replace('\\', '/'))).ToHashSet()));
    }

    [Fact]
    public void Store_References_NoWebFilesOrNetwork()
    {
        var project = Path.Combine(Root, "src", "KvStore", "KvStore.csproj");
        Assert.Equal("Microsoft.NET.Sdk", XDocument.Load(project).Root!.Attribute("Sdk")!.Value);
        Assert.Empty(Items(project, "FrameworkReference").Concat(Items(project, "PackageReference")));

        Assert.DoesNotContain(
            typeof(Store).Assembly.GetReferencedAssemblies().Select(assembly => assembly.Name!),
            name => Outside().IsMatch(name));
        Assert.Empty(
            from file in Sources("src/KvStore")
            from line in Lines(file)
            where Outside().IsMatch(Comment().Replace(line.Text, ""))
            select $"{file}:{line.Number}: {line.Text.Trim()}");
    }

    [GeneratedRegex(@"^\s*//.*$|\s//\s.*$")]
    private static partial Regex Comment();

    [GeneratedRegex(@"\basync\s+void\b")]
    private static partial Regex AsyncVoid();

    [GeneratedRegex(@"\bMicrosoft\.(AspNetCore|Extensions)\b|\bSystem\.(IO|Net|Diagnostics\.Process|Data)\b|\b(File|Directory|FileStream|Socket|HttpClient)\s*[.(]")]
    private static partial Regex Outside();

    private static IEnumerable<string> Items(string project, string name) =>
        XDocument.Load(project).Descendants(name).Select(item => item.Attribute("Include")!.Value);

    private static IEnumerable<(int Number, string Text)> Lines(string file) =>
        File.ReadLines(Path.Combine(Root, file)).Select((text, i) => (i + 1, text));

    private static IEnumerable<string> Sources(string folder) => SourceTree.Files(folder, "*.cs");
}
