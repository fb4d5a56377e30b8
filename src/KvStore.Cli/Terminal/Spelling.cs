namespace KvStore.Cli;

/// <summary>Suggests what was probably meant by a name that is not known.</summary>
internal static class Spelling
{
    /// <summary>" Did you mean ...?" with the most similar name; empty if none is similar.</summary>
    public static string Suggest(string name, IEnumerable<string> known)
    {
        var best = known.Select(other => (Name: other, Distance: Distance(name, other))).OrderBy(other => other.Distance).FirstOrDefault();
        return best.Name is not null && best.Distance <= Math.Max(1, name.Length / 3) + 1 && best.Distance < best.Name.Length ? $" Did you mean {best.Name}?" : "";
    }

    // Insertions, deletions, replacements, and swaps of neighbors (optimal string alignment).
    private static int Distance(string a, string b)
    {
        var rows = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++)
        {
            for (var j = 0; j <= b.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    rows[i, j] = i + j;
                    continue;
                }

                var replaced = rows[i - 1, j - 1] + (char.ToLowerInvariant(a[i - 1]) == char.ToLowerInvariant(b[j - 1]) ? 0 : 1);
                rows[i, j] = Math.Min(replaced, Math.Min(rows[i - 1, j], rows[i, j - 1]) + 1);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                    rows[i, j] = Math.Min(rows[i, j], rows[i - 2, j - 2] + 1);
            }
        }

        return rows[a.Length, b.Length];
    }
}
