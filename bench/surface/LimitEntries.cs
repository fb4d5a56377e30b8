using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using System.Text.Unicode;

namespace KvStore.SurfaceLimit;

/// <summary>
/// Entries as JSON, written by hand: names are copied, numbers and times formatted, and text is scanned for what JSON escapes. The bytes are those of the service.
/// </summary>
internal static class LimitEntries
{
    private const int PieceBytes = 32 * 1024;
    private const int Count = 1000;
    private const int ItemBytesMax = 512;

    private static readonly SearchValues<byte> Escaped = SearchValues.Create([.. Enumerable.Range(0, 32).Select(value => (byte)value), (byte)'"', (byte)'\\', 0x7F]);
    private static readonly DateTime Time = DateTime.UtcNow;
    private static readonly byte[][] Keys = [.. Enumerable.Range(1, Count).Select(i => Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"list-{i:D10}")))];
    private static readonly byte[][] Texts = [.. Keys.Select(key => Encoding.ASCII.GetBytes((Encoding.ASCII.GetString(key) + "=").PadRight(100, 'x')))];
    private static readonly byte[][] Documents = [.. Enumerable.Range(1, Count).Select(i => Encoding.ASCII.GetBytes(
        string.Create(CultureInfo.InvariantCulture, $$"""{"id":{{i:D10}},"name":"Ada Lovelace","mail":"ada@example.org","tags":["a","b"],"pad":"xxxxxxxx"}""").Replace(":0", ":1", StringComparison.Ordinal)))];

    /// <summary>Writes a page of entries with their values.</summary>
    public static async Task ListAsync(HttpContext context, bool isJson)
    {
        var count = int.Parse((string)context.Request.RouteValues["count"]!, CultureInfo.InvariantCulture);
        context.Response.ContentType = "application/json";
        var output = context.Response.BodyWriter;
        output.Write("""{"revision":1234567,"items":["""u8);
        for (var i = 0; i < count; i++)
            await WriteAsync(output, i, isJson, isFirst: i == 0);
        output.Write("]}"u8);
        await output.FlushAsync();
    }

    /// <summary>Writes the entries of these numbers, as the answer to a batch.</summary>
    public static async Task WriteBatchAsync(PipeWriter output, List<int> numbers)
    {
        output.Write("""{"revision":1234567,"items":["""u8);
        for (var i = 0; i < numbers.Count; i++)
            await WriteAsync(output, numbers[i], isJson: false, isFirst: i == 0);
        output.Write("],\"missing\":[]}"u8);
        await output.FlushAsync();
    }

    /// <summary>Writes lines, as an export does.</summary>
    public static async Task ExportAsync(HttpContext context)
    {
        var count = int.Parse((string)context.Request.RouteValues["count"]!, CultureInfo.InvariantCulture);
        context.Response.ContentType = "application/x-ndjson";
        var output = context.Response.BodyWriter;
        for (var i = 0; i < count; i++)
        {
            WriteLine(output, i);
            if (output.UnflushedBytes >= PieceBytes)
                await output.FlushAsync();
        }

        await output.FlushAsync();
    }

    /// <summary>Writes the lines of an import whose keys are scattered over all of them, as those of real users are.</summary>
    public static void WriteImport(Stream output, int entries)
    {
        using var buffered = new BufferedStream(output, 1 << 20);
        var filling = new string('x', 92);
        for (var i = 0L; i < entries; i++)
            buffered.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{{\"key\":\"user/{i * 2654435761 % 4294967296:D10}\",\"text\":\"{filling}{i:D8}\"}}\n")));
    }

    private static ValueTask<FlushResult> WriteAsync(PipeWriter output, int number, bool isJson, bool isFirst)
    {
        var writer = new Writer(output.GetSpan(ItemBytesMax));
        if (!isFirst)
            writer.Copy(","u8);
        writer.Copy("{\"key\":\""u8);
        writer.Text(Keys[number]);
        writer.Copy("\",\"revision\":"u8);
        writer.Number(1_000_000 + number);
        writer.Copy(",\"created_revision\":"u8);
        writer.Number(1_000_000 + number);
        writer.Copy(",\"version\":"u8);
        writer.Number(1);
        writer.Copy(",\"content_type\":\""u8);
        writer.Text(isJson ? "application/json"u8 : "application/octet-stream"u8);
        writer.Copy("\",\"size\":"u8);
        writer.Number(100);
        writer.Copy(",\"modified_at\":\""u8);
        writer.Moment(Time.AddTicks(number));
        if (isJson)
        {
            writer.Copy("\",\"json\":"u8);
            writer.Copy(Documents[number]);
            writer.Copy("}"u8);
        }
        else
        {
            writer.Copy("\",\"text\":\""u8);
            writer.Text(Texts[number]);
            writer.Copy("\"}"u8);
        }

        output.Advance(writer.Length);
        return output.UnflushedBytes < PieceBytes ? default : output.FlushAsync();
    }

    private static void WriteLine(PipeWriter output, int number)
    {
        var writer = new Writer(output.GetSpan(ItemBytesMax));
        writer.Copy("{\"key\":\"user/"u8);
        writer.Number(1_000_000_000L + number);
        writer.Copy("\",\"content_type\":\""u8);
        writer.Text("text/plain; charset=utf-8"u8);
        writer.Copy("\",\"text\":\""u8);
        writer.Text(Texts[number % Count]);
        writer.Copy("\"}\n"u8);
        output.Advance(writer.Length);
    }

    /// <summary>Appends to a span that has room for an item.</summary>
    private ref struct Writer(Span<byte> room)
    {
        private readonly Span<byte> _room = room;

        public int Length { get; private set; }

        public void Copy(ReadOnlySpan<byte> bytes)
        {
            bytes.CopyTo(_room[Length..]);
            Length += bytes.Length;
        }

        public void Text(ReadOnlySpan<byte> text)
        {
            if (text.ContainsAny(Escaped) || !Utf8.IsValid(text))
                throw new InvalidOperationException("The limit has no text that needs escapes.");
            Copy(text);
        }

        public void Number(long number)
        {
            Utf8Formatter.TryFormat(number, _room[Length..], out var written);
            Length += written;
        }

        public void Moment(DateTime time)
        {
            time.TryFormat(_room[Length..], out _, "O", CultureInfo.InvariantCulture);
            Length += 24;
            _room[Length - 1] = (byte)'Z';
        }
    }
}
