using System.Globalization;
using System.Text;

namespace KvStore.Fuzz;

/// <summary>What requests are made of: keys, values, tags and positions, from one random sequence.</summary>
/// <remarks>All keys begin with <see cref="Prefix"/>, so that no request changes an entry that is meant to stay.</remarks>
internal sealed class Material(Random random, Landmarks landmarks)
{
    public const string Prefix = "fuzz/";

    private const int Keys = 200;
    private const int LargeKeys = 8;
    private const int SmallBytesMax = 200;
    private const int MediumBytesMax = 32 * 1024;
    private const int LargeBytesMax = 1 << 20;
    private const int JsonDepthMax = 5;

    private static readonly string[] OddKeys =
        ["%C3%A4", "a%2Fb", "a+b", "a%20b", "%F0%9F%98%80", "a/", "a//b", "%25", "%23x", "~", "person/1", new('k', 300), "json", "json2", "counter", "text"];

    private static readonly string[] Characters = ["a", "b", "\\n", "\\u00e9", "\\ud83d\\ude00", "\xC3\xA9", "\\\"", "\\\\", "/", " ", "\\u0000"];

    public Random Random => random;

    public Landmarks Landmarks => landmarks;

    public bool Once(int outOf) => random.Next(outOf) == 0;

    public T Of<T>(params ReadOnlySpan<T> choices) => choices[random.Next(choices.Length)];

    /// <summary>A key as it stands in a path.</summary>
    public string Key() => Prefix + (Once(8) ? Of(OddKeys) : random.Next(Keys).ToString(CultureInfo.InvariantCulture));

    /// <summary>A key for values of any size, of which there are few.</summary>
    public string LargeKey() => $"{Prefix}large/{random.Next(LargeKeys)}";

    /// <summary>A key of an entry that is JSON.</summary>
    public string JsonKey() => Prefix + Of("json", "json2");

    public string CounterKey() => $"{Prefix}counter{random.Next(4)}";

    public string SmallValue() => new(Of('v', 'x', '\xFF', '\0', '"', '\n'), random.Next(SmallBytesMax));

    /// <summary>A value of up to 1 MiB, most often far below.</summary>
    public string LargeValue() => new(Of('v', '\x01', '\xFF', '"'), Once(20) ? LargeBytesMax : random.Next(MediumBytesMax));

    public string Json() => Json(0);

    public string ETag() => Once(6) ? Of(Garbage.ETags) : Of("\"1\"", "*", $"\"{Revision()}\"", $"W/\"{Revision()}\"", $"\"{Revision()}\", \"7\"");

    public long Revision() => Once(4) ? random.Next(100) : Math.Max(0, landmarks.Revision - random.Next(1000));

    public string Duration() => Of("1", "60", "90s", "1m30s", "1h", "none", "7d", "315360000");

    public string ContentType() => Of("text/plain", "application/json", "application/octet-stream", "text/html; charset=utf-8", "application/vnd.x+json", "image/png", "text/plain; charset=iso-8859-1");

    public string Cursor() => landmarks.Cursors.Count == 0 ? "x" : landmarks.Cursors[random.Next(landmarks.Cursors.Count)];

    public string Date() => Of("Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "Wed, 01 Jan 2098 00:00:00 GMT", "never");

    /// <summary>One to three of these, joined to a query; empty now and then.</summary>
    public string Query(params string[] parameters)
    {
        var count = random.Next(Math.Min(3, parameters.Length) + 1);
        random.Shuffle(parameters);
        return count == 0 ? "" : "?" + string.Join('&', parameters.Take(count));
    }

    private string Json(int depth)
    {
        switch (random.Next(depth < JsonDepthMax ? 9 : 6))
        {
            case 0:
                return Of("0", "-0", "1.5e3", "1e308", "1e400", "9007199254740993", "-123456789012345678901234567890");
            case 1:
                return Of("true", "false", "null");
            case 2 or 3:
                return Text();
            case 4 or 5:
                return random.Next(1000).ToString(CultureInfo.InvariantCulture);
            case 6:
                return "[" + string.Join(Of(",", " , ", ",\n"), Enumerable.Range(0, random.Next(4)).Select(_ => Json(depth + 1))) + "]";
            default:
                return "{" + string.Join(',', Enumerable.Range(0, random.Next(4)).Select(_ => $"{Text()}:{Json(depth + 1)}")) + "}";
        }
    }

    private string Text()
    {
        var text = new StringBuilder("\"");
        for (var i = random.Next(6); i > 0; i--)
            text.Append(Of(Characters));
        return text.Append('"').ToString();
    }
}
