using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;

namespace KvStore.Server.Tests;

/// <summary>Random stores come back from an export as they were, and random garbage is only ever an error of its line.</summary>
public sealed class TransferModelTests
{
    private static readonly string[] Parts = ["a", "b", "/", " ", "\"", "\\", "é", "\uFFFD", "\u2028", "\U0001F600", "~", "{", "%"];

    private static readonly string[] ContentTypes =
        ["application/json", "application/ld+json", "text/plain", "text/plain; charset=utf-8", "text/plain; charset=latin1", "text/plain; charset=UTF8", "application/json; charset=utf-16", "application/octet-stream", "x", "a\tb", "image/png"];

    private static readonly string[] Fragments =
    [
        "{", "}", "[", "]", "\"", ":", ",", "\\", "\\ud800", "\\u0000", "\n", "\r", " ", "1e999", "-", "true", "null", "\"key\"", "\"json\"", "\"text\"", "\"base64\"",
        "\"content_type\"", "\"expires_at\"", "\"revision\"", "\"size\"", "\"a\"", "\"====\"", "\"QQ==\"", "{\"key\":\"a\",\"text\":\"b\"}", "\"2026-01-01\"", "\u0085", "\uFEFF",
    ];

    // The byte order mark as Latin-1, in which each byte is a character.
    private static readonly string Mark = Encoding.Latin1.GetString(TextInput.ByteOrderMark);

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    private readonly Random _random = Seed.NewRandom();

    [Fact]
    public async Task ExportImportExport_RandomStore_IsSameFile()
    {
        for (var round = 0; round < 20; round++)
        {
            await using var source = await KvServer.StartAsync();
            for (var i = _random.Next(1, 400); i > 0; i--)
                Assert.IsType<Outcome.Committed>(await source.Store.SubmitAsync(new Transaction([], [RandomPut()])));
            var exported = (await source.Client.GetAsync("/v1/export")).Expect(200).Body;

            await using var target = await KvServer.StartAsync();
            var imported = (await target.Client.ImportAsync(exported)).Expect(200).Json;

            Assert.Equal((source.Store.Latest.Count, 0), (imported.GetProperty("imported").GetInt64(), imported.GetProperty("failed").GetInt64()));
            Assert.Equal(exported, (await target.Client.GetAsync("/v1/export")).Expect(200).Body);
            Assert.Equal(Contents(source.Store.Latest), Contents(target.Store.Latest));
            foreach (var line in Encoding.UTF8.GetString(exported).Split('\n', StringSplitOptions.RemoveEmptyEntries))
                AssertStrict(JsonDocument.Parse(line, Strict).RootElement);
        }
    }

    [Fact]
    public async Task Import_RandomGarbage_FailsItsLine()
    {
        await using var server = await KvServer.StartAsync(("ImportErrorsMax", "100000"));
        for (var round = 0; round < 200; round++)
        {
            // A first line that is no start of another form of body.
            byte[] body = [.. "x\n"u8, .. RandomGarbage()];
            var lines = Encoding.Latin1.GetString(body).Split('\n');
            var answer = (await server.Client.ImportAsync(body)).Expect(200).Json;

            var blank = lines.Count(line => (line.StartsWith(Mark, StringComparison.Ordinal) ? line[Mark.Length..] : line).Trim(' ', '\t', '\r').Length == 0);
            Assert.Equal(lines.Length - blank, answer.GetProperty("imported").GetInt64() + answer.GetProperty("expired").GetInt64() + answer.GetProperty("failed").GetInt64());
            var failed = answer.GetProperty("errors").EnumerateArray().Select(error => error.GetProperty("line").GetInt32()).ToArray();
            Assert.Equal(answer.GetProperty("failed").GetInt32(), failed.Length);
            Assert.Equal(failed.Order().Distinct(), failed);
            Assert.All(failed, line => Assert.InRange(line, 1, lines.Length));
        }
    }

    [Fact]
    public async Task Run_RandomGarbage_IsRejected()
    {
        await using var server = await KvServer.StartAsync();
        for (var round = 0; round < 300; round++)
        {
            var answer = await server.Client.SendAsync("POST", round % 2 == 0 ? "/v1/txn" : "/v1/batch/get", new ByteArrayContent(RandomGarbage()) { Headers = { { "Content-Type", "application/json" } } });
            Assert.Equal(400, answer.Status);
            Assert.NotEqual("", answer.Json.GetProperty("field").GetString());
        }
    }

    [Fact]
    public void Splitter_RandomPieces_YieldsEveryLine()
    {
        for (var round = 0; round < 2000; round++)
        {
            var text = new string([.. Enumerable.Range(0, _random.Next(60)).Select(_ => _random.Next(4) == 0 ? '\n' : 'x')]);
            var expected = text.Split('\n').Select(line => line.Length > 8 ? "too long" : line).ToList();
            if (expected[^1].Length == 0)
                expected.RemoveAt(expected.Count - 1);

            Assert.Equal(expected, Split(Encoding.ASCII.GetBytes(text), lineBytesMax: 8));
        }
    }

    [Fact]
    public async Task Progress_ClientDoesNotRead_DoesNotBlock()
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 1, resumeWriterThreshold: 1));
        var progress = new ImportProgress(pipe.Writer);
        var report = new ImportReport(errorsMax: 0);
        report.Begin();
        progress.Report(report);
        report.Begin();
        progress.Report(report);

        Assert.False(progress.EndAsync().IsCompleted);
        Assert.True(pipe.Reader.TryRead(out var read));
        Assert.Equal("{\"line\":1,\"imported\":0,\"expired\":0,\"failed\":0}\n", Encoding.UTF8.GetString(read.Buffer));
        pipe.Reader.AdvanceTo(read.Buffer.End);
        await progress.EndAsync();
        progress.Report(report);
        Assert.True(pipe.Reader.TryRead(out read));
        Assert.StartsWith("{\"line\":2,", Encoding.UTF8.GetString(read.Buffer), StringComparison.Ordinal);
    }

    // Throws for repeated names by itself.
    private static void AssertStrict(JsonElement element)
    {
        if (element.ValueKind == JsonValueKind.Object)
            Assert.All(element.EnumerateObject(), member => AssertStrict(member.Value));
        else if (element.ValueKind == JsonValueKind.Array)
            Assert.All(element.EnumerateArray(), AssertStrict);
        else if (element.ValueKind == JsonValueKind.Number)
            Assert.True(double.IsFinite(element.GetDouble()));
        else if (element.ValueKind == JsonValueKind.String)
            _ = element.GetString();
    }

    // As a reader of a stream does: what was not taken comes again, with more behind it.
    private List<string> Split(byte[] bytes, int lineBytesMax)
    {
        var splitter = new LineSplitter(lineBytesMax);
        var lines = new List<string>();
        var (taken, come) = (0, 0);
        do
        {
            come += _random.Next(bytes.Length - come + 1);
            var buffer = Segment.Sequence(bytes.AsMemory(taken, come - taken), _random);
            while (splitter.TryTake(ref buffer, isLast: come == bytes.Length, out var line, out var isTooLong))
                lines.Add(isTooLong ? "too long" : Encoding.ASCII.GetString(line));
            taken = come - (int)buffer.Length;
        }
        while (come < bytes.Length);
        return lines;
    }

    private Put RandomPut()
    {
        var key = Key.Parse("k" + RandomText());
        var value = _random.Next(6) switch
        {
            0 => Encoding.UTF8.GetBytes(RandomText() + "\r\n\t\0\u001f" + RandomText()),
            1 => Encoding.UTF8.GetBytes($"{{\"a\":{new string('[', _random.Next(70))}"),
            2 => Encoding.UTF8.GetBytes(RandomJson()),
            3 => Encoding.UTF8.GetBytes($"{_random.GetItems([" ", "\n", "", "\t"], 1)[0]}{RandomJson()}{_random.GetItems([" ", "\n", "", "\r"], 1)[0]}"),
            4 => [],
            _ => RandomBytes(_random.Next(300)),
        };
        DateTimeOffset? expiresAt = _random.Next(4) == 0 ? DateTimeOffset.UtcNow.AddMilliseconds(_random.NextInt64(1L << 42) + 3_600_000) : null;
        return new Put(key, value, ContentTypes[_random.Next(ContentTypes.Length)], expiresAt);
    }

    private string RandomJson()
    {
        var depth = _random.Next(66);
        return $"{new string('[', depth)}{_random.GetItems(["1.50", "1e400", "\"\\ud800\"", "{\"a\": null}", "{\"a\":1,\"\\u0061\":2}", "true", "\"é\\n\"", "\uFEFF1"], 1)[0]}{new string(']', depth)}";
    }

    private string RandomText() => string.Concat(_random.GetItems(Parts, _random.Next(6)));

    private byte[] RandomBytes(int count)
    {
        var bytes = new byte[count];
        _random.NextBytes(bytes);
        return bytes;
    }

    private byte[] RandomGarbage() =>
        [.. Enumerable.Range(0, _random.Next(1, 60)).SelectMany(_ => _random.Next(10) == 0 ? RandomBytes(_random.Next(4)) : Encoding.UTF8.GetBytes(Fragments[_random.Next(Fragments.Length)]))];

    private static List<(string Key, string Value, string ContentType, DateTimeOffset? ExpiresAt)> Contents(Snapshot snapshot) =>
        [.. snapshot.Scan(default).Select(entry => (entry.Key.ToString(), Convert.ToHexString(entry.Value.Span), entry.ContentType, entry.ExpiresAt))];

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        /// <summary>The bytes, in random pieces.</summary>
        public static ReadOnlySequence<byte> Sequence(ReadOnlyMemory<byte> bytes, Random random)
        {
            var first = new Segment();
            var last = first;
            while (bytes.Length > 0)
            {
                var length = random.Next(1, bytes.Length + 1);
                var next = new Segment { Memory = bytes[..length], RunningIndex = last.RunningIndex + last.Memory.Length };
                (last.Next, last, bytes) = (next, next, bytes[length..]);
            }

            return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
        }
    }
}
