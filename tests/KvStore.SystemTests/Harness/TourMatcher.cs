using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace KvStore.SystemTests;

/// <summary>
/// Compares a real answer with a documented one. What a document cannot know stands there as a placeholder
/// (<see cref="Placeholders"/>). A revision stands there as a number, but only its identity counts: the same number is the
/// same revision in the whole document, and a greater one a later revision, since no reader may count on their values.
/// </summary>
internal sealed partial class TourMatcher
{
    private static readonly Dictionary<string, string> Placeholders = new()
    {
        ["<date>"] = "(Mon|Tue|Wed|Thu|Fri|Sat|Sun), [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT",
        ["<time>"] = @"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,7})?(Z|\+00:00)",
        ["<cursor>"] = "[A-Za-z0-9_-]+",
        ["<vector>"] = "[A-Za-z0-9_-]+",
        ["<delta>"] = "[A-Za-z0-9+/]+=*",
        ["<store>"] = "[0-9a-f]{16}",
        ["<replica>"] = "[0-9a-f]{16}",
        ["<name>"] = "[^\"]+",
        ["<n>"] = @"[0-9]+(\.[0-9]+)?",
        ["<file>"] = @"[0-9]{20}\.checkpoint",
        ["<version>"] = @"[0-9]+\.[0-9]+\.[0-9]+",
    };

    private readonly SortedDictionary<long, long> _revisions = [];

    /// <summary>The documented command with the revisions that the real answers had so far.</summary>
    public string Translate(string command) => RevisionInCommand().Replace(command, match =>
        _revisions.TryGetValue(Number(match.Groups[2].Value), out var real) ? match.Groups[1].Value + real.ToString(CultureInfo.InvariantCulture) : match.Value);

    /// <summary>Says how an answer differs from the documented one; null if it does not.</summary>
    public string? Differs(string documented, string real)
    {
        documented = Normalize(documented);
        real = Normalize(real);
        var (pattern, revisions) = ToPattern(documented);
        var match = Regex.Match(real, pattern, RegexOptions.CultureInvariant, TimeSpan.FromSeconds(5));
        if (!match.Success)
            return $"documented:\n{documented}\nreal:\n{real}";
        for (var i = 0; i < revisions.Count; i++)
        {
            var value = Number(match.Groups[$"r{i}"].Value);
            if (!_revisions.TryAdd(revisions[i], value) && _revisions[revisions[i]] != value)
                return $"revision {revisions[i]} was {_revisions[revisions[i]]} before and is {value} now";
        }

        var reals = _revisions.Values.ToArray();
        return reals.SequenceEqual(reals.Order().Distinct()) ? null : $"the revisions do not rise as documented: {string.Join(", ", _revisions)}";
    }

    private static (string Pattern, List<long> Revisions) ToPattern(string documented)
    {
        var pattern = new StringBuilder(@"\A");
        var revisions = new List<long>();
        var at = 0;
        foreach (Match match in Variable().Matches(documented))
        {
            pattern.Append(Regex.Escape(documented[at..match.Index]));
            at = match.Index + match.Length;
            if (match.Groups["revision"] is { Success: true } revision)
            {
                pattern.Append(CultureInfo.InvariantCulture, $"{Regex.Escape(match.Groups["before"].Value)}(?<r{revisions.Count}>[0-9]+)");
                revisions.Add(Number(revision.Value));
            }
            else
            {
                pattern.Append(Placeholders.GetValueOrDefault(match.Value) ?? Regex.Escape(match.Value));
            }
        }

        pattern.Append(Regex.Escape(documented[at..])).Append(@"\z");
        return (pattern.ToString(), revisions);
    }

    /// <summary>Without what a terminal does not show: carriage returns, and the last line break.</summary>
    private static string Normalize(string text) => text.Replace("\r", "", StringComparison.Ordinal).TrimEnd('\n');

    private static long Number(string digits) => long.Parse(digits, CultureInfo.InvariantCulture);

    [GeneratedRegex("""(?<before>ETag: "|ETag \\"|KvStore-Revision: |at revision |after revision |(?<=id: <store>)\.|"(?:created_)?revision":|"oldest_revision":)(?<revision>[0-9]+)|<[a-z]+>""")]
    private static partial Regex Variable();

    [GeneratedRegex("""(Match: "|[?&](?:revision|after|min_revision)=)([0-9]+)""")]
    private static partial Regex RevisionInCommand();
}
