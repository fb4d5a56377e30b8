using System.Text.Json;

namespace KvStore.SystemTests;

/// <summary>Imports that are cut off by a crash, and clients of imports that stop in the middle.</summary>
[Trait("Needs", "packages")]
public sealed class ImportTests : IDisposable
{
    private const int Lines = 60_000;
    private const int LinesPerPiece = 500;
    private const int BatchLinesMax = 8192;
    private static readonly TimeSpan ExitTimeout = TimeSpan.FromSeconds(5);

    // A flush for each hundred lines, so that there is always something that is not stored yet.
    private static readonly (string Name, string Value)[] Settings = [("BatchOperationsMax", "1")];

    private readonly DataDirectory _data = new();

    public void Dispose() => _data.Dispose();

    /// <summary>
    /// Lines are stored a batch at a time, and those of a batch in the order of their keys. So what is there after a crash is what some first lines make, at
    /// least those that were reported to the client, with a part of the batch after them.
    /// </summary>
    [Fact]
    public async Task Kill_DuringImport_KeepsReportedLinesAndRetryCompletes()
    {
        var random = Seed.NewRandom();
        for (var round = 0; round < 3; round++)
        {
            var prefix = $"{round}/";
            long reported;
            await using (var server = await _data.StartAsync(Settings))
                reported = await ImportUntilKilledAsync(server, prefix, random, TimeSpan.FromMilliseconds(random.Next(20 * round)));

            await using var restarted = await _data.StartAsync(Settings);
            var stored = await ExportAsync(restarted, prefix);
            var kept = stored.Count == 0 ? 0 : stored.Values.Max(NumberOf) + 1;
            TestContext.Current.TestOutputHelper?.WriteLine($"{reported} lines were reported, {kept} kept");
            Assert.InRange(kept, reported, Lines);
            AssertHasFirstLines(Math.Max(reported, kept - BatchLinesMax), stored);

            Assert.Equal(Lines, await ImportAsync(restarted, prefix, Lines));
            Assert.Equal(StateAfter(Lines), await ExportAsync(restarted, prefix));
            restarted.Send(Signal.Kill);
            await restarted.WaitForExitAsync(ExitTimeout);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Import_ClientStalls_BoundsMemoryAndAllowsShutdown(bool isStopped)
    {
        const long PeakBytesMax = 192L << 20;

        // A pipe takes 64 KiB, less what the system keeps so that short writes stay whole.
        const int FullPipeBytes = 60_000;
        await using var server = await ServerProcess.StartAsync(("HistoryBytesMax", $"{8 << 20}"), ("ShutdownTimeout", "00:00:01"));
        await using var import = new CurlImport(server.Address);
        using var end = new CancellationTokenSource();
        var feeding = FeedAsync(import, end.Token);
        await server.WaitUntilAsync(_ => Task.FromResult(import.UnreadBytes >= (isStopped ? FullPipeBytes / 10 : FullPipeBytes)));
        if (isStopped)
            import.Send(Signal.Stop);

        using var other = await RawConnection.ConnectAsync(server.Address);
        for (var i = 0; i < 100; i++)
        {
            var written = await other.PutAsync("other", $"{i}");
            var read = await other.GetAsync("other");
            Assert.Equal((written.ETag, $"{i}"), (read.ETag, read.Text));
        }

        Assert.Equal(1000, await ImportAsync(server, "other/", 1000));
        Assert.False(feeding.IsCompleted);
        var peak = server.PeakMemoryBytes();
        TestContext.Current.TestOutputHelper?.WriteLine($"peak {peak >> 20} MiB");
        Assert.InRange(peak, 0, PeakBytesMax);

        server.Send(Signal.Terminate);
        Assert.Equal(0, await server.WaitForExitAsync(ExitTimeout));
        await end.CancelAsync();
        await import.KillAsync();
        await feeding;
    }

    /// <summary>Sends lines without an end, kills the service after it has reported some, and returns how many.</summary>
    private static async Task<long> ImportUntilKilledAsync(ServerProcess server, string prefix, Random random, TimeSpan delay)
    {
        await using var import = new CurlImport(server.Address);
        using var end = new CancellationTokenSource();
        var sending = SendAsync(import, prefix, Lines, end.Token);
        long reported = 0;
        for (var reports = random.Next(1, Lines / 10_000); reports > 0; reports--)
            reported = (await import.ReadAsync())!.Value.GetProperty("line").GetInt64();

        // At once, or at a random moment, for which there is nothing to await.
        await Task.Delay(delay, TestContext.Current.CancellationToken);
        server.Send(Signal.Kill);
        await server.WaitForExitAsync(ExitTimeout);
        await end.CancelAsync();
        await import.KillAsync();
        await sending;
        return reported;
    }

    private static async Task<long> ImportAsync(ServerProcess server, string prefix, int lines)
    {
        await using var import = new CurlImport(server.Address);
        var sending = SendAsync(import, prefix, lines, TestContext.Current.CancellationToken).ContinueWith(_ => import.EndSending(), TaskScheduler.Default);
        JsonElement? last = null;
        while (await import.ReadAsync() is { } line)
            last = line;
        await sending;
        return last!.Value.GetProperty("imported").GetInt64();
    }

    private static Task SendAsync(CurlImport import, string prefix, int lines, CancellationToken end) => UntilTheEndAsync(async () =>
    {
        for (var i = 0; i < lines; i += LinesPerPiece)
            await import.SendAsync(string.Concat(Enumerable.Range(i, Math.Min(LinesPerPiece, lines - i)).Select(number => $$"""{"key":"{{prefix}}{{KeyOf(number)}}","text":"{{TextOf(number)}}"}""" + "\n")), end);
    });

    /// <summary>One large entry, and then as many empty lines as bring the next report.</summary>
    private static Task FeedAsync(CurlImport import, CancellationToken end) => UntilTheEndAsync(async () =>
    {
        var text = new string('v', 100_000);
        var empty = new string('\n', 10_000);
        for (var i = 0; ; i++)
            await import.SendAsync($$"""{"key":"{{i % 8}}","text":"{{text}}"}{{empty}}""", end);
    });

    private static async Task UntilTheEndAsync(Func<Task> send)
    {
        try
        {
            await Task.Run(send);
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // curl ended, as it should when the service does, or the test is over.
        }
    }

    private static async Task<SortedDictionary<string, string>> ExportAsync(ServerProcess server, string prefix)
    {
        using var connection = await RawConnection.ConnectAsync(server.Address);
        var export = await connection.ExchangeAsync($"GET /v1/export?prefix={prefix} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        var entries = export.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement);
        return new(entries.ToDictionary(entry => entry.GetProperty("key").GetString()![prefix.Length..], entry => entry.GetProperty("text").GetString()!), StringComparer.Ordinal);
    }

    /// <summary>What is stored are whole lines, and of each key the last of the first lines or a later one.</summary>
    private static void AssertHasFirstLines(long lines, SortedDictionary<string, string> stored)
    {
        foreach (var (key, text) in stored)
        {
            var number = NumberOf(text);
            Assert.Equal((key, text), (KeyOf(number), TextOf(number)));
        }

        foreach (var (key, text) in StateAfter((int)lines))
            Assert.InRange(NumberOf(stored[key]), NumberOf(text), Lines);
    }

    /// <summary>What the first lines make: of lines with the same key the last one counts.</summary>
    private static SortedDictionary<string, string> StateAfter(int lines)
    {
        var state = new SortedDictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < lines; i++)
            state[KeyOf(i)] = TextOf(i);
        return state;
    }

    // Some keys come again at once and all of them later, so that every line writes over an earlier one sooner or later.
    private static string KeyOf(int line) => line % 5 == 0 ? "again" : $"{line % 7001}";

    private static string TextOf(int line) => $"{line} {new string('x', line % 100)}";

    private static int NumberOf(string text) => int.Parse(text.AsSpan(0, text.IndexOf(' ', StringComparison.Ordinal)), System.Globalization.CultureInfo.InvariantCulture);
}
