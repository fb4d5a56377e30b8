using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;

namespace KvStore.SurfaceLimit;

/// <summary>Requests with bodies: read, parsed as far as any store must, and what would be stored is allocated.</summary>
internal static class LimitBodies
{
    // What was stored last, so that nothing of it is garbage before the next request.
    private static readonly byte[][] Kept = new byte[1000][];
    private static readonly byte[] Document = Encoding.ASCII.GetBytes("""{"id":1000000000,"name":"Ada Lovelace","mail":"ada@example.org","tags":["a","b"],"count":0,"pad":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}""");
    private static long _number;
    private static long _revision;

    public static async Task KeepAsync(HttpContext context)
    {
        var value = GC.AllocateUninitializedArray<byte>((int)context.Request.ContentLength!.Value);
        await context.Request.Body.ReadExactlyAsync(value);
        Kept[Interlocked.Increment(ref _revision) % 16] = value;
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    public static async Task BatchAsync(HttpContext context)
    {
        var body = await ReadAsync(context);
        context.Response.ContentType = "application/json";
        await LimitEntries.WriteBatchAsync(context.Response.BodyWriter, NumbersOf(body));
    }

    public static async Task TransactionAsync(HttpContext context)
    {
        var body = await ReadAsync(context);
        var revision = Interlocked.Increment(ref _revision);
        context.Response.ContentType = "application/json";
        WriteResults(context.Response.BodyWriter, body, revision);
        await context.Response.BodyWriter.FlushAsync();
    }

    public static async Task CountAsync(HttpContext context)
    {
        context.Response.ContentType = "text/plain";
        Utf8Formatter.TryFormat(Interlocked.Increment(ref _number), context.Response.BodyWriter.GetSpan(20), out var written);
        context.Response.ContentLength = written;
        context.Response.BodyWriter.Advance(written);
        await context.Response.BodyWriter.FlushAsync();
    }

    public static async Task PatchAsync(HttpContext context)
    {
        var body = await ReadAsync(context);
        Kept[Interlocked.Increment(ref _revision) % Kept.Length] = Merge(Document, body);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    public static async Task ImportAsync(HttpContext context)
    {
        var input = context.Request.BodyReader;
        var lines = 0;
        for (var isCompleted = false; !isCompleted;)
        {
            var read = await input.ReadAsync();
            var buffer = read.Buffer;
            while (buffer.PositionOf((byte)'\n') is { } end)
            {
                var line = buffer.Slice(0, end);
                Kept[lines++ % Kept.Length] = line.IsSingleSegment ? EntryOf(line.FirstSpan) : EntryOf(line.ToArray());
                buffer = buffer.Slice(buffer.GetPosition(1, end));
            }

            isCompleted = read.IsCompleted;
            input.AdvanceTo(buffer.Start, buffer.End);
        }

        await context.Response.WriteAsync(string.Create(CultureInfo.InvariantCulture, $"{{\"imported\":{lines},}}"));
    }

    private static async ValueTask<byte[]> ReadAsync(HttpContext context)
    {
        var body = GC.AllocateUninitializedArray<byte>((int)context.Request.ContentLength!.Value);
        await context.Request.Body.ReadExactlyAsync(body);
        return body;
    }

    private static List<int> NumbersOf(ReadOnlySpan<byte> body)
    {
        var reader = new Utf8JsonReader(body);
        var numbers = new List<int>();
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.String && Utf8Parser.TryParse(reader.ValueSpan[5..], out int number, out _))
                numbers.Add(number - 1);
        }

        return numbers;
    }

    private static void WriteResults(PipeWriter output, ReadOnlySpan<byte> body, long revision)
    {
        var reader = new Utf8JsonReader(body);
        ReadOnlySpan<byte> key = default;
        output.Write("{\"revision\":"u8);
        Number(output, revision);
        output.Write(",\"results\":["u8);
        for (var (isKey, count) = (false, 0L); reader.Read();)
        {
            if (reader.TokenType == JsonTokenType.PropertyName)
            {
                isKey = reader.ValueSpan.SequenceEqual("key"u8);
            }
            else if (reader.TokenType == JsonTokenType.String && isKey)
            {
                key = reader.ValueSpan;
            }
            else if (reader.TokenType == JsonTokenType.String)
            {
                Kept[(revision + count) % Kept.Length] = [.. key, .. reader.ValueSpan];
                output.Write(count++ == 0 ? "{\"put\":{\"key\":\""u8 : ",{\"put\":{\"key\":\""u8);
                output.Write(key);
                output.Write("\",\"revision\":"u8);
                Number(output, revision);
                output.Write(",\"created\":false}}"u8);
            }
        }

        output.Write("]}"u8);
    }

    private static void Number(PipeWriter output, long number)
    {
        Utf8Formatter.TryFormat(number, output.GetSpan(20), out var written);
        output.Advance(written);
    }

    // Both texts have to be read to their ends, and the result is about as long as the document.
    private static byte[] Merge(ReadOnlySpan<byte> document, ReadOnlySpan<byte> patch)
    {
        ReadAll(document);
        ReadAll(patch);
        return document.ToArray();
    }

    private static void ReadAll(ReadOnlySpan<byte> text)
    {
        var reader = new Utf8JsonReader(text);
        while (reader.Read())
        {
            // Only what it costs matters.
        }
    }

    private static byte[] EntryOf(ReadOnlySpan<byte> line)
    {
        var reader = new Utf8JsonReader(line);
        ReadOnlySpan<byte> key = default;
        for (var isKey = false; reader.Read();)
        {
            if (reader.TokenType == JsonTokenType.PropertyName)
                isKey = reader.ValueSpan.SequenceEqual("key"u8);
            else if (reader.TokenType == JsonTokenType.String && isKey)
                key = reader.ValueSpan;
            else if (reader.TokenType == JsonTokenType.String)
                return [.. key, .. reader.ValueSpan];
        }

        return [];
    }
}
