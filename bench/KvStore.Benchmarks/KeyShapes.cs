using System.Text;

namespace KvStore.Benchmarks;

/// <summary>Keys as they occur. The same keys in every run.</summary>
internal static class KeyShapes
{
    private static readonly string[] Fields = ["email", "name", "settings"];
    private static readonly string[] Words = ["lib", "python3", "golang", "node", "ruby", "perl", "rust", "font", "kde", "gnome", "texlive", "r-cran", "haskell", "ocaml", "php", "java", "emacs", "vim", "linux", "boost", "qt6", "gtk", "x11", "ssl", "http", "json", "xml", "test", "data", "common", "utils", "tools", "dev", "doc", "dbg", "core", "base", "server", "client", "plugin"];

    public static readonly string[] Names = ["user", "hex", "package"];

    /// <summary>Distinct keys in random order.</summary>
    public static Key[] Make(string shape, int count)
    {
        var random = new Random(4711);
        var texts = shape switch
        {
            "user" => Enumerable.Range(0, count).Select(i => $"user/{i / Fields.Length:D6}/{Fields[i % Fields.Length]}"),
            "hex" => Enumerable.Range(0, count).Select(_ => $"{random.NextInt64():x16}{random.NextInt64():x16}"),
            "package" => Packages(random).Distinct().Take(count),
            _ => throw new ArgumentException($"There is no shape {shape}.", nameof(shape)),
        };
        var keys = texts.Select(Key.Parse).ToArray();
        random.Shuffle(keys);
        return keys;
    }

    private static IEnumerable<string> Packages(Random random)
    {
        var name = new StringBuilder();
        while (true)
        {
            name.Clear().Append("debian/");
            for (var parts = 2 + random.Next(4); parts > 0; parts--)
                name.Append(Words[(int)(Words.Length * random.NextDouble() * random.NextDouble())]).Append(random.Next(3) == 0 ? random.Next(100).ToString(System.Globalization.CultureInfo.InvariantCulture) : "").Append('-');
            yield return name.ToString(0, name.Length - 1);
        }
    }
}
