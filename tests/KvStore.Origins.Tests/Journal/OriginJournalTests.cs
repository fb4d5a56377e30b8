using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;

namespace KvStore.Origins.Tests;

public sealed class OriginJournalTests : IDisposable
{
    private readonly TemporaryDirectory _directories = new();
    private readonly FakeTimeProvider _time = new();
    private readonly ConcurrentQueue<OriginEvent> _events = [];
    private readonly string _directory;

    public OriginJournalTests() => _directory = _directories.New();

    private string[] Files => Directory.Exists(_directory) ? [.. Directory.GetFiles(_directory).Order(StringComparer.Ordinal)] : [];

    private string[] Lines => [.. Files.SelectMany(File.ReadAllLines)];

    [Fact]
    public async Task Write_Call_IsALineOfJson()
    {
        await using (var journal = New())
            journal.TryWrite(Call("größe \"1\"\n") with { Failure = "late" });
        var line = JsonDocument.Parse(Assert.Single(Lines)).RootElement;
        Assert.Equal("vendor GET http://vendor/a?x=1 200 größe \"1\"\n late 1.5", string.Join(' ', line.GetProperty("origin"), line.GetProperty("method"), line.GetProperty("url"),
            line.GetProperty("status"), line.GetProperty("body"), line.GetProperty("failure"), line.GetProperty("elapsedMs")));
        Assert.Equal(_time.GetUtcNow(), DateTimeOffset.Parse($"{line.GetProperty("time")}", System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal("a, b", $"{line.GetProperty("headers").GetProperty("X-Two")}");
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Files[0]));
    }

    [Fact]
    public async Task Write_BodyOfTheRequest_IsThere()
    {
        await using (var journal = New())
        {
            journal.TryWrite(Call("") with { RequestBody = "text"u8.ToArray() });
            journal.TryWrite(Call("") with { RequestBody = new byte[] { 0xFF, 0 } });
            journal.TryWrite(Call(""));
        }

        Assert.Equal(
            ["\"requestBody\":\"text\"", "\"requestBodyBase64\":\"/wA=\"", "none"],
            Lines.Select(line => line.Split(',').FirstOrDefault(part => part.StartsWith("\"requestBody", StringComparison.Ordinal)) ?? "none"));
    }

    [Fact]
    public async Task Write_Binary_IsBase64()
    {
        await using (var journal = New())
            journal.TryWrite(Call("") with { Body = new byte[] { 0xFF, 0 } });
        Assert.Equal("/wA=", $"{JsonDocument.Parse(Assert.Single(Lines)).RootElement.GetProperty("bodyBase64")}");
    }

    /// <summary>The headers of the settings are secrets under any name, and so is what the operator names.</summary>
    [Fact]
    public async Task Write_SecretHeaders_AreRedacted()
    {
        await using (var journal = New())
        {
            journal.TryWrite(Call("") with
            {
                RequestHeaders = [new("authorization", "secret1"), new("X-Api-Key", "secret2"), new("Accept", "any")],
                Headers = [new("Set-Cookie", "secret3"), new("X-Session", "secret4"), new("Via", "proxy")],
            });
        }

        var line = Assert.Single(Lines);
        Assert.DoesNotContain("secret", line, StringComparison.Ordinal);
        Assert.Contains("\"Accept\":\"any\"", line, StringComparison.Ordinal);
        Assert.Contains("\"Via\":\"proxy\"", line, StringComparison.Ordinal);
        Assert.Contains("\"X-Session\":\"[redacted]\"", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Write_ManyCalls_KeepsTheNewestWithinTheBound()
    {
        for (var process = 0; process < 3; process++)
        {
            await using var journal = New(bytesMax: 20_000);
            for (var i = 0; i < 200; i++)
                journal.TryWrite(Call($"{process}-{i}"));
            await Soon.UntilAsync(() => journal.Written == 200);
            Assert.InRange(Files.Sum(file => new FileInfo(file).Length), 15_000, 20_000);
            Assert.InRange(Files.Length, 8, 10);
            Assert.Equal(0, journal.Dropped);
            _time.Advance(TimeSpan.FromHours(1));
        }

        string[] bodies = [.. Lines.Select(line => $"{JsonDocument.Parse(line).RootElement.GetProperty("body")}")];
        Assert.Equal(Enumerable.Range(200 - bodies.Length, bodies.Length).Select(i => $"2-{i}"), bodies);
    }

    [Fact]
    public async Task TryWrite_MoreThanItKeepsUpWith_IsCountedAndNeverWaits()
    {
        await using var journal = New();
        var large = Call("") with { Body = new byte[1 << 20] };
        for (var i = 0; i < 500; i++)
            journal.TryWrite(large);
        await Soon.UntilAsync(() => journal.Written + journal.Dropped == 500);
        Assert.InRange(journal.Dropped, 1, 499);
        journal.TryWrite(Call("after"));
        await Soon.UntilAsync(() => Lines.Any(line => line.Contains("after", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Write_FileFaults_AreSurvived()
    {
        // A file is where the directory should be.
        Directory.CreateDirectory(Path.GetDirectoryName(_directory)!);
        await File.WriteAllTextAsync(_directory, "", TestContext.Current.CancellationToken);
        await using var journal = New();
        journal.TryWrite(Call("1"));
        journal.TryWrite(Call("2"));
        await Soon.UntilAsync(() => journal.Dropped == 2);
        Assert.Equal(OriginEventKind.JournalFailed, Assert.Single(_events).Kind);

        File.Delete(_directory);
        journal.TryWrite(Call("3"));
        await Soon.UntilAsync(() => journal.Dropped == 3);
        _time.Advance(TimeSpan.FromSeconds(1));
        journal.TryWrite(Call("4"));
        await Soon.UntilAsync(() => journal.Written == 1);
        Assert.Contains("\"4\"", Assert.Single(Lines), StringComparison.Ordinal);
        Assert.Equal([OriginEventKind.JournalFailed, OriginEventKind.JournalRecovered], _events.Select(reported => reported.Kind));
    }

    [Fact]
    public async Task Source_WithAJournal_LogsItsCalls()
    {
        await using var vendor = await Vendor.StartAsync();
        var options = vendor.Options();
        options = options with { Http = options.Http! with { Headers = new Dictionary<string, string> { ["X-Api-Key"] = "secret" } }, Journal = new() { Directory = _directory } };
        await using (var journal = new OriginJournal(options, _events.Enqueue, TimeProvider.System))
        {
            await using var source = new HttpOriginSource(options, 100, journal, TimeProvider.System);
            await source.LoadAsync([new(Key.Parse("rates/a"), "\"tag\"")], TestContext.Current.CancellationToken);
        }

        var text = Assert.Single(Lines);
        Assert.DoesNotContain("secret", text, StringComparison.Ordinal);
        var line = JsonDocument.Parse(text).RootElement;
        Assert.Equal(($"{vendor.Url}/rates/a", 200, "value", "\"tag\"", "Kestrel"), (line.GetProperty("url").GetString(), line.GetProperty("status").GetInt32(),
            line.GetProperty("body").GetString(), line.GetProperty("requestHeaders").GetProperty("If-None-Match").GetString(), line.GetProperty("headers").GetProperty("Server").GetString()));
    }

    public void Dispose() => _directories.Dispose();

    private OriginCall Call(string body) => new()
    {
        At = _time.GetUtcNow(),
        Elapsed = TimeSpan.FromMilliseconds(1.5),
        Method = "GET",
        Url = new Uri("http://vendor/a?x=1"),
        RequestHeaders = [],
        Status = 200,
        Headers = [new("X-Two", "a"), new("X-Two", "b")],
        Body = Encoding.UTF8.GetBytes(body),
    };

    private OriginJournal New(long bytesMax = 1 << 30) => new(
        new OriginOptions
        {
            Name = "vendor",
            Prefix = "rates/",
            Http = new() { Url = "http://vendor/{key}", Headers = new Dictionary<string, string> { ["x-api-key"] = "secret2" } },
            Journal = new() { Directory = _directory, BytesMax = bytesMax, RedactHeaders = ["X-Session"] },
        },
        _events.Enqueue,
        _time);
}
