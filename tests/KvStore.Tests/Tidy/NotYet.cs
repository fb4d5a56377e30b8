namespace KvStore.Tests;

/// <summary>What does not keep a rule yet. The lists only get shorter; each line that goes is one thing less to do.</summary>
internal static class NotYet
{
    /// <summary>References to a higher room, and what ends them.</summary>
    public static Dictionary<string, string> References { get; } = new()
    {
    };

    /// <summary>Files of more lines than a reader takes in.</summary>
    public static HashSet<string> LongFiles { get; } = [];

    /// <summary>Folders of more files than a reader takes in.</summary>
    public static HashSet<string> LargeFolders { get; } = [];

    /// <summary>Files with banned words.</summary>
    public static HashSet<string> OldWords { get; } =
    [
    ];
}
