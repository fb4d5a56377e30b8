using System.Buffers;
using System.Text;
using System.Text.Json;

namespace KvStore.Server.Tests;

/// <summary>Values that are written piece by piece, compared with the same values written at once.</summary>
public sealed class JsonValueTests
{
    public static TheoryData<string, string> Values => new()
    {
        { "text/plain", "x" },
        { "text/plain", "\u0001\"\\" },
        { "text/plain", "é" },
        { "text/plain", "漢字" },
        { "text/plain", "🚲x" },
        { "application/json", "[1, \"é\\u0001\",\n 2.5, {\"a\":null}]" },
        { "application/octet-stream", "\uD800" },
    };

    // Sizes around those of a piece, so that every character is cut at each of its bytes.
    [Theory]
    [MemberData(nameof(Values))]
    public void TryWritePiece_AnyLength_IsAsAtOnce(string contentType, string pattern)
    {
        for (var extra = -4; extra <= 12; extra++)
        {
            var value = ValueOf(contentType, pattern, (3 * JsonValue.PieceBytes) + extra);
            Assert.Equal(AtOnce(value, contentType), InPieces(value, contentType, isOneLine: false));
        }
    }

    [Fact]
    public void TryWritePiece_OneLine_HasNoLineBreaks()
    {
        for (var extra = 0; extra < 8; extra++)
        {
            var value = Encoding.UTF8.GetBytes("[1\r\n," + new string('\n', (2 * JsonValue.PieceBytes) + extra) + "2]\n");
            var written = InPieces(value, "application/json", isOneLine: true);
            Assert.DoesNotContain('\n', written);
            Assert.DoesNotContain('\r', written);
            Assert.Equal(AtOnce(value, "application/json").Replace('\n', ' ').Replace('\r', ' '), written);
        }
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/octet-stream")]
    public void TryWritePiece_Escapes_AreBoundedInEachPiece(string contentType)
    {
        var buffer = new ArrayBufferWriter<byte>();
        var target = new JsonTarget(buffer);
        target.Json.WriteStartObject();
        var value = new JsonValue(target, new byte[1 << 20], contentType);
        for (var before = target.Bytes; value.TryWritePiece(); before = target.Bytes)
            Assert.InRange(target.Bytes - before, 0, (6 * JsonValue.PieceBytes) + 2);
    }

    private static byte[] ValueOf(string contentType, string pattern, int bytes)
    {
        if (pattern == "\uD800")
            return [.. Enumerable.Repeat((byte)0xFF, bytes)];
        if (contentType == "application/json")
            return Encoding.UTF8.GetBytes('[' + pattern + ',' + new string(' ', bytes) + pattern + ']');
        var text = new StringBuilder();
        while (Encoding.UTF8.GetByteCount(text.ToString()) < bytes)
            text.Insert(0, pattern, 1 + (bytes / 8));
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private static string AtOnce(byte[] value, string contentType) =>
        Write(isOneLine: false, target => JsonValue.WriteSmall(target, value, contentType));

    private static string InPieces(byte[] value, string contentType, bool isOneLine) => Write(isOneLine, target =>
    {
        var pieces = new JsonValue(target, value, contentType);
        while (pieces.TryWritePiece())
            target.Json.Flush();
    });

    private static string Write(bool isOneLine, Action<JsonTarget> writeValue)
    {
        var buffer = new ArrayBufferWriter<byte>();
        var target = new JsonTarget(buffer, isOneLine);
        target.Json.WriteStartObject();
        writeValue(target);
        target.Json.WriteNumber("after", 1);
        target.Json.WriteEndObject();
        target.Json.Flush();
        Assert.Equal(buffer.WrittenCount, target.Bytes);
        using var document = JsonDocument.Parse(buffer.WrittenMemory);
        Assert.Equal(1, document.RootElement.GetProperty("after").GetInt32());
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
