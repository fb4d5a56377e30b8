using System.Globalization;

namespace KvStore.Storage;

/// <summary>The names of a log's files: a revision in twenty digits and the kind of file, so that names sort by age.</summary>
internal static class FileNames
{
    public const string Segment = ".segment";
    public const string Checkpoint = ".checkpoint";

    /// <summary>The suffix of a file that is still being written. The next start deletes it.</summary>
    public const string Unfinished = ".tmp";

    private const int Digits = 20;

    public static string Of(long revision, string kind) => revision.ToString("D20", CultureInfo.InvariantCulture) + kind;

    /// <summary>The revisions of the files of a kind, lowest first. Other files are ignored.</summary>
    public static List<long> Revisions(IEnumerable<string> names, string kind)
    {
        var revisions = new List<long>();
        foreach (var name in names)
        {
            if (name.Length == Digits + kind.Length && name.EndsWith(kind, StringComparison.Ordinal) &&
                long.TryParse(name.AsSpan(0, Digits), NumberStyles.None, CultureInfo.InvariantCulture, out var revision) && revision <= StoredFields.RevisionMax)
                revisions.Add(revision);
        }

        revisions.Sort();
        return revisions;
    }
}
