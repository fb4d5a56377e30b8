using System.Text.RegularExpressions;

namespace KvStore.Tests;

/// <summary>Every planted bug of tests/mutations has its place in the code: without one it would be planted nowhere, and found only when all of them are run.</summary>
public sealed class MutationListTests
{
    private static readonly (string List, string Project)[] Lists =
        [("core", "KvStore"), ("log", "KvStore.Storage"), ("etcd", "KvStore.Etcd"), ("origins", "KvStore.Origins"), ("mergeable", "KvStore.Mergeable"), ("access", "KvStore.Server")];

    [Fact]
    public void Expressions_MatchExactlyOnce() => SourceTree.AssertNone(
        from list in Lists
        from line in SourceTree.Read($"tests/mutations/{list.List}.mutations").Split('\n')
        where line.Length > 0 && line[0] != '#'
        let fields = line.Split('\t')
        let file = $"src/{list.Project}/{fields[1]}"
        where !Path.Exists(Path.Join(SourceTree.Root, file)) || Regex.Count(SourceTree.Read(file), fields[2]) != 1
        select $"{list.List}: {fields[0]}");
}
