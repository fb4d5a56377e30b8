namespace KvStore.Tests;

/// <summary>Folders are rooms with an order: code refers only to its own room and to rooms below it, as docs/architecture.md says.</summary>
public class RoomTests
{
    private const int SourceLinesMax = 250;
    private const int FolderFilesMax = 20;
    private const int StoreRootFilesMax = 6;

    private static readonly string[] ProjectsUpwards = ["KvStore", "KvStore.Storage", "KvStore.Crdt", "KvStore.Client"];

    [Fact]
    public void Types_InARoom_ReferOnlyToLowerRooms()
    {
        var orders = RoomOrder.ReadAll();
        var wrong = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var (name, symbols) in Compiled.Value.Where(project => orders.ContainsKey(project.Key)))
        {
            var order = orders[name];
            foreach (var reference in symbols.References())
            {
                var from = order.RoomOf(reference.FromFile);
                var to = reference.ToFiles.Select(order.RoomOf).ToArray();
                if (!to.Any(room => order.Allows(from, room)))
                    wrong.Add($"{name}: {from}/{reference.From} -> {to[0]}/{reference.To}");
            }
        }

        SourceTree.AssertNone(wrong);
    }

    [Fact]
    public void Rooms_OfEveryProject_AreInTheOrder()
    {
        var orders = RoomOrder.ReadAll();
        Assert.All(SourceTree.Projects("src"), project =>
        {
            var files = SourceTree.Files(project, "*.cs").Select(file => file[(project.Length + 1)..]).ToArray();
            var folders = files.Where(file => file.Contains('/')).Select(file => file[..file.IndexOf('/')]);
            var named = orders.TryGetValue(Path.GetFileName(project), out var order) ? order.Rooms : [];
            var rooms = folders.Concat(files.Where(file => !file.Contains('/')).Select(file => Path.GetFileNameWithoutExtension(file)).Intersect(named));
            Assert.Equal(rooms.Distinct().Order(), named.Order());
        });
    }

    [Fact]
    public void Namespaces_OfEveryFile_AreTheProjectsName()
    {
        SourceTree.AssertNone(
            from project in Compiled.Value
            from declared in project.Value.Namespaces
            where declared.Namespace != project.Key
            select $"{declared.File}: {declared.Namespace}");
    }

    [Fact]
    public void Files_Length_FitsTheReader() => SourceTree.AssertNone(
        from file in SourceTree.Files("src", "*.cs").Concat(SourceTree.Files("src", "*.ts")).Concat(SourceTree.Files("src", "*.tsx"))
        let lines = SourceTree.Read(file).Count(character => character == '\n')
        where lines > SourceLinesMax
        select $"{file}: {lines} lines");

    [Fact]
    public void Folders_Size_FitsTheReader()
    {
        SourceTree.AssertNone(
            from file in SourceTree.Files("src", "*.cs").Concat(SourceTree.Files("tests", "*.cs"))
            group file by Path.GetDirectoryName(file) into folder
            where folder.Count() > FolderFilesMax
            select $"{folder.Key}: {folder.Count()} files");
        Assert.InRange(SourceTree.Files("src/KvStore", "*.cs").Count(file => file.Count(character => character == '/') == 2), 1, StoreRootFilesMax);
    }

    private static Lazy<Dictionary<string, ProjectSymbols>> Compiled { get; } = new(Compile);

    private static Dictionary<string, ProjectSymbols> Compile()
    {
        var compiled = new Dictionary<string, ProjectSymbols>();
        foreach (var project in SourceTree.Projects("src").OrderBy(project => Array.IndexOf(ProjectsUpwards, Path.GetFileName(project)) is >= 0 and var at ? at : int.MaxValue))
            compiled.Add(Path.GetFileName(project), new ProjectSymbols(project, compiled.Values));
        return compiled;
    }
}
