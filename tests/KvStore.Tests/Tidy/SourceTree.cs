namespace KvStore.Tests;

/// <summary>The files of this repository, with paths relative to its root and slashes between folders.</summary>
internal static class SourceTree
{
    public static string Root => Repository.Root;

    public static IEnumerable<string> Projects(string folder) =>
        Files(folder, "*.csproj").Select(project => project[..project.LastIndexOf('/')]);

    public static IEnumerable<string> Files(string folder, string pattern) =>
        Directory.EnumerateFiles(Path.Combine(Root, folder), pattern, SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(Root, file).Replace('\\', '/'))
            .Where(file => !file.Split('/').Any(part => part is "bin" or "obj" or "node_modules"))
            .Order(StringComparer.Ordinal);

    public static string Read(string file) => File.ReadAllText(Path.Combine(Root, file));

    /// <summary>Fails with every breach on a line of its own.</summary>
    public static void AssertNone(IEnumerable<string> breaches)
    {
        var all = breaches.ToArray();
        Assert.True(all.Length == 0, string.Join('\n', all));
    }
}
