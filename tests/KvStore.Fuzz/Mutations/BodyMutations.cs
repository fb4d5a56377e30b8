using System.Text;

namespace KvStore.Fuzz;

/// <summary>Mutations of JSON, NDJSON and values: structure, depth, escapes, numbers, encodings, sizes.</summary>
internal static class BodyMutations
{
    private const int DamagesMax = 3;
    private const int RangeBytesMax = 20;
    private const int SizeRarity = 40;
    private const int RepeatedCharactersMax = 16 << 20;

    private static readonly string[] Fragments =
    [
        "\\ud800", "\\udc00", "\"\\ud83d\\ude00\"", "\0", "\n", "\r", "\r\n", "\t", "\"", "\\", "{", "}", "[", "]", ",", ":", "//", "/**/", "#", "'", "NaN", "1e400", "-0", "1E5", "01", "null", "\xEF\xBB\xBF",
        "9007199254740993", "99999999999999999999", "\xC2\x85", "\xE2\x80\xA8", "\"key\":", "\"\\u006bey\":\"b\",", "\xFF", "\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE2\x82",
        new('[', 70), string.Concat(Enumerable.Repeat("{\"a\":", 70)),
    ];

    private static readonly Encoding[] Encodings =
    [
        new UnicodeEncoding(false, true), new UnicodeEncoding(true, true), new UnicodeEncoding(false, false), new UTF32Encoding(false, true), new UTF32Encoding(true, false), new UTF8Encoding(true),
    ];

    private static readonly int[] Sizes = [1 << 16, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 2 << 20, 9 << 20];

    public static void Apply(RequestParts request, Material material)
    {
        switch (material.Random.Next(10))
        {
            case 0:
                request.Body = material.Of(Garbage.JsonTexts);
                break;
            case 1:
                var encoding = material.Of(Encodings);
                request.Body = Encoding.Latin1.GetString([.. encoding.GetPreamble(), .. encoding.GetBytes(request.Body)]);
                break;
            case 2:
                Nest(request, material);
                break;
            case 3 when material.Once(SizeRarity):
                Grow(request, material);
                break;
            case 4:
                RepeatLine(request, material);
                break;
            default:
                Damage(request, material);
                break;
        }
    }

    private static void Damage(RequestParts request, Material material)
    {
        var body = request.Body;
        for (var i = material.Random.Next(DamagesMax) + 1; i > 0; i--)
        {
            var at = material.Random.Next(body.Length + 1);
            var range = material.Random.Next(Math.Min(RangeBytesMax, body.Length - at) + 1);
            body = material.Random.Next(6) switch
            {
                0 when at < body.Length => body[..at] + (char)(body[at] ^ (1 << material.Random.Next(8))) + body[(at + 1)..],
                1 => body.Remove(at, range),
                2 => body[..at],
                3 => body.Insert(at, body.Substring(at, range)),
                _ => body.Insert(at, material.Of(Fragments)),
            };
        }

        request.Body = body;
    }

    /// <summary>Wraps the body, or a piece of it, into arrays or objects.</summary>
    private static void Nest(RequestParts request, Material material)
    {
        var levels = material.Of(1, 10, 59, 60, 61, 63, 64, 65, 1000);
        request.Body = material.Once(2)
            ? new string('[', levels) + request.Body + new string(']', levels)
            : string.Concat(Enumerable.Repeat("{\"a\":", levels)) + request.Body + new string('}', levels);
    }

    private static void Grow(RequestParts request, Material material)
    {
        var bytes = material.Of(Sizes);
        request.Body = material.Random.Next(4) switch
        {
            0 => new string(material.Of('v', '"', '[', '\n', '\xFF', ' '), bytes),
            1 => $"{{\"a\":\"{new string('v', bytes)}\"}}",
            2 => $"[{string.Concat(Enumerable.Repeat("1,", bytes / 2))}1]",
            _ => request.Body + new string(' ', bytes),
        };
    }

    private static void RepeatLine(RequestParts request, Material material)
    {
        var lines = request.Body.Split('\n');
        var line = material.Of(lines);

        // An earlier mutation may have made the line as long as a body can be.
        var times = Math.Min(material.Of(1, 2, 200), RepeatedCharactersMax / Math.Max(1, line.Length));
        request.Body = string.Join('\n', [.. lines, .. Enumerable.Repeat(line, times)]);
    }
}
