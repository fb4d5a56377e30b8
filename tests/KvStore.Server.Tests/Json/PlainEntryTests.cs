using System.Buffers;
using System.Text;

namespace KvStore.Server.Tests;

/// <summary>Entries that are written as a whole, compared with the same entries written token by token.</summary>
public sealed class PlainEntryTests
{
    private static readonly string[] Keys = ["k", "user/42", "é/漢字/🚲", "quote\"", "back\\slash", "\u2028", new('k', 1024), new('k', 1025)];

    private static readonly string[] MediaTypes =
    [
        "application/octet-stream", "text/plain", "text/plain; charset=utf-8", "text/plain; charset=\"utf-8\"", "text/plain; charset=latin1", "application/json",
        "application/json; charset=utf-16", "application/problem+json", "x/y", new('t', 256),
    ];

    private static readonly string[] Values =
    [
        "", "x", "Ada Lovelace", "é 漢字 🚲", "\u2028\uFFFF\u0300", "{\"a\":1,\"b\":[true,null,\"é\"]}", " {\"a\":1} ", "{\"a\":1,\n\"b\":2}\r", "{\"a\":1,\"a\":2}", "[1", "\"\\ud800\"", "1e999", "0",
        new('x', JsonValue.PieceBytes), new('x', JsonValue.PieceBytes + 1),
    ];

    [Fact]
    public void TryWriteItem_AnyEntry_IsAsTokenByToken()
    {
        var written = Entries().Count(entry => IsWritten(entry, isOneLine: false) | IsWritten(entry, isOneLine: true));

        // Otherwise nothing was compared.
        Assert.True(written > 200, $"{written}");
    }

    [Fact]
    public void TryWriteLine_AnyEntry_IsAsTokenByToken()
    {
        var written = 0;
        foreach (var entry in Entries())
        {
            foreach (var mayBeJson in (bool[])[true, false])
            {
                var output = new ArrayBufferWriter<byte>();
                if (!PlainEntry.TryWriteLine(output, entry, mayBeJson))
                {
                    Assert.Equal(0, output.WrittenCount);
                    continue;
                }

                written++;
                Assert.Equal(TokenByToken(entry, isOneLine: false, mayBeJson, isLine: true) + "\n", TextOf(output));
            }
        }

        Assert.True(written > 200, $"{written}");
    }

    [Fact]
    public void TryWriteItem_OrdinaryEntry_Writes()
    {
        Assert.True(IsWritten(EntryOf("user/42", "Ada Lovelace", "text/plain"), isOneLine: true));
        Assert.True(IsWritten(EntryOf("user/42", "é 漢字", "text/plain"), isOneLine: false));
        Assert.True(IsWritten(EntryOf("user/42", "{\"name\":\"Ada\"}", "application/json"), isOneLine: false));
    }

    // Each byte of ASCII in a value and in a key, and all combinations of the others.
    private static IEnumerable<Entry> Entries()
    {
        for (var value = 0; value < 0x80; value++)
            yield return EntryOf("k", $"a{(char)value}b", "text/plain");
        for (var value = 0x20; value < 0x7F; value++)
            yield return EntryOf($"a{(char)value}b", "x", "text/plain");
        yield return Entry.Create(Some.Key("k"), (byte[])[0xFF, (byte)'x'], "text/plain", 1, 1, 1, 0);
        foreach (var key in Keys)
        {
            foreach (var contentType in MediaTypes)
            {
                foreach (var value in Values)
                    yield return EntryOf(key, value, contentType);
            }
        }
    }

    private static bool IsWritten(Entry entry, bool isOneLine)
    {
        var output = new ArrayBufferWriter<byte>();
        var target = new JsonTarget(output, isOneLine);
        target.Json.WriteStartArray();
        target.Json.WriteNullValue();
        var isWritten = PlainEntry.TryWriteItem(target, entry);
        target.Json.WriteEndArray();
        target.Json.Flush();
        Assert.Equal(isWritten ? $"[null,{TokenByToken(entry, isOneLine, mayBeJson: true, isLine: false)}]" : "[null]", TextOf(output));
        return isWritten;
    }

    private static string TokenByToken(Entry entry, bool isOneLine, bool mayBeJson, bool isLine)
    {
        var output = new ArrayBufferWriter<byte>();
        var target = new JsonTarget(output, isOneLine);
        target.Json.WriteStartObject();
        if (!isLine)
        {
            EntryJson.WriteMembers(target.Json, entry);
        }
        else
        {
            target.Json.WriteString("key", entry.Key.Utf8);
            target.Json.WriteString("content_type", entry.ContentType);
            if (entry.ExpiresAt is { } expiresAt)
                JsonTime.Write(target.Json, "expires_at"u8, expiresAt);
        }

        JsonValue.WriteSmall(target, entry.Value, entry.ContentType, mayBeJson);
        target.Json.WriteEndObject();
        target.Json.Flush();
        return TextOf(output);
    }

    // Some of them expire.
    private static Entry EntryOf(string key, string value, string contentType) => value.Length % 2 == 0
        ? Entry.Create(Some.Key(key), Some.Bytes(value), contentType, 7, long.MaxValue >> 1, 3, 1_767_225_600_007)
        : Entry.Create(Some.Key(key), Some.Bytes(value), contentType, 1, 1, 1, 0, expiresAtMilliseconds: 1_767_225_600_000);

    private static string TextOf(ArrayBufferWriter<byte> output) => Encoding.UTF8.GetString(output.WrittenSpan);
}
