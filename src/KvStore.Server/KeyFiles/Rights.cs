namespace KvStore.Server;

/// <summary>What a principal may do. Each is independent of the others: who may write may not read unless that is said, too.</summary>
[Flags]
internal enum Rights
{
    None = 0,

    /// <summary>Read entries, and everything that tells about them: lists, watches, guards, conditions.</summary>
    Read = 1,

    /// <summary>Create and change entries.</summary>
    Write = 2,

    /// <summary>Delete entries.</summary>
    Delete = 4,

    /// <summary>See and operate the service. It is no right to any entry.</summary>
    Admin = 8,
}

/// <summary>Rights as people and files write them.</summary>
internal static class RightsText
{
    private static readonly (string Name, Rights Right)[] Names = [("read", Rights.Read), ("write", Rights.Write), ("delete", Rights.Delete), ("admin", Rights.Admin)];

    /// <summary>The names of all rights, for messages.</summary>
    public const string All = "read, write, delete, admin";

    /// <summary>The names of the rights, in their order, such as <c>read</c> and <c>write</c>.</summary>
    public static IEnumerable<string> NamesOf(Rights rights) => Names.Where(name => rights.HasFlag(name.Right)).Select(name => name.Name);

    /// <summary>The rights as the part of a sentence.</summary>
    public static string TextOf(Rights rights, string last = "and")
    {
        string[] names = [.. NamesOf(rights)];
        return names.Length < 2 ? names.FirstOrDefault("none") : $"{string.Join(", ", names[..^1])} {last} {names[^1]}";
    }

    public static bool TryParse(string name, out Rights right)
    {
        right = Array.Find(Names, known => known.Name == name).Right;
        return right != Rights.None;
    }
}
