using System.Globalization;

namespace KvStore.Storage;

/// <summary>The names of a log's files: a revision of twenty digits and what kind of file it is, so that they sort by age.</summary>
internal static class FileNames
{
    public const string Segment = ".segment";
    public const string Checkpoint = ".checkpoint";

    /// <summary>The end of a file's name until the file is whole. Such a file is worth nothing after a restart.</summary>
    public const string Unfinished = ".tmp";

    private const int Digits = 20;

    public static string Of(long revision, string kind) => revision.ToString("D20", CultureInfo.InvariantCulture) + kind;

    /// <summary>The revisions of the files of a kind, lowest first. Files that are not the log's own are left alone.</summary>
    public static List<long> Revisions(IEnumerable<string> names, string kind)
    {
        var revisions = new List<long>();
        foreach (var name in names)
        {
            if (name.Length == Digits + kind.Length && name.EndsWith(kind, StringComparison.Ordinal) &&
                long.TryParse(name.AsSpan(0, Digits), NumberStyles.None, CultureInfo.InvariantCulture, out var revision))
                revisions.Add(revision);
        }

        revisions.Sort();
        return revisions;
    }
}
