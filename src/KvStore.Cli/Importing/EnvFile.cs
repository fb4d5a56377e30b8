using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace KvStore.Cli;

/// <summary>
/// Files of environment variables (.env): <c>NAME=value</c>, with <c>export</c> before it or not, and comments. In double quotes there are the escapes \n, \r, \t, \", \$ and \\, in single quotes
/// none; both may span lines. <c>$NAME</c> is not replaced: what it stands for depends on the program that reads the file.
/// </summary>
internal static partial class EnvFile
{
    public static bool IsAssignment(string line) => Assignment().IsMatch(line);

    public static async IAsyncEnumerable<ImportItem> ReadAsync(SourceStream source, ImportOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var lines = new LineReader(source, source.Name);
        while (await lines.ReadLineAsync(cancellationToken) is { } bytes)
        {
            var line = Encoding.UTF8.GetString(bytes.Span).Trim('\uFEFF').TrimStart();
            if (line.Length == 0 || line[0] == '#')
                continue;
            var place = string.Create(CultureInfo.InvariantCulture, $"line {lines.Count}");
            if (Assignment().Match(line) is not { Success: true } found)
            {
                yield return ImportItem.Failed(place, "It is no NAME=value.");
                continue;
            }

            var value = line[found.Length..].TrimStart();
            while (IsOpen(value) && await lines.ReadLineAsync(cancellationToken) is { } next)
                value += "\n" + Encoding.UTF8.GetString(next.Span);
            yield return TryParse(value, out var parsed)
                ? ImportItem.Of(place, found.Groups["name"].Value, Encoding.UTF8.GetBytes(parsed), options)
                : ImportItem.Failed(place, "Its quotes do not end, or something follows them that is no comment.");
        }
    }

    private static bool IsOpen(string value) => value.Length > 0 && value[0] is '"' or '\'' && EndOf(value) < 0;

    // The index of the quote that ends the value; less than 0 if there is none.
    private static int EndOf(string value)
    {
        for (var i = 1; i < value.Length; i++)
        {
            if (value[0] == '"' && value[i] == '\\')
                i++;
            else if (value[i] == value[0])
                return i;
        }

        return -1;
    }

    private static bool TryParse(string value, out string parsed)
    {
        if (value.Length == 0 || value[0] is not ('"' or '\''))
        {
            // A comment after a value without quotes begins with a space, so that a # within it stays.
            parsed = Comment().Replace(value, "").TrimEnd();
            return true;
        }

        var end = EndOf(value);
        parsed = end < 0 ? "" : value[1..end];
        if (value[0] == '"')
            parsed = Escape().Replace(parsed, escape => escape.Value[1] switch { 'n' => "\n", 'r' => "\r", 't' => "\t", var character => character.ToString() });
        var rest = end < 0 ? "" : value[(end + 1)..].Trim();
        return end >= 0 && (rest.Length == 0 || rest[0] == '#');
    }

    [GeneratedRegex(@"^(export\s+)?(?<name>[A-Za-z_][A-Za-z0-9_.-]*)\s*=")]
    private static partial Regex Assignment();

    [GeneratedRegex(@"(^|\s)#.*$")]
    private static partial Regex Comment();

    [GeneratedRegex("""\\[nrt"$\\]""")]
    private static partial Regex Escape();
}
