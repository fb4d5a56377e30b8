using System.Diagnostics;
using System.Text.Json;

namespace KvStore.SystemTests;

/// <summary>What the service writes when its output is no terminal: lines of JSON, and few of them.</summary>
[Trait("Program", "both")]
public sealed class LogTests
{
    [Fact]
    public async Task Output_SuccessfulRequests_IsStartAndStop()
    {
        // On a busy machine any request may be a slow one, which another test is about.
        await using var server = await ServerProcess.StartAsync(("SlowRequestTime", "01:00:00"));
        using var connection = await RawConnection.ConnectAsync(server.Address);
        for (var i = 0; i < 200; i++)
        {
            Assert.Equal(201, (await connection.ExchangeAsync($"PUT /v1/kv/log/{i} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nv")).Status);
            Assert.Equal(200, (await connection.ExchangeAsync($"GET /v1/kv/log/{i} HTTP/1.1\r\nHost: localhost\r\n\r\n")).Status);
            Assert.Equal(404, (await connection.ExchangeAsync($"GET /v1/kv/none/{i} HTTP/1.1\r\nHost: localhost\r\n\r\n")).Status);
        }

        server.Send(Signal.Terminate);
        Assert.Equal(0, await server.WaitForExitAsync(TimeSpan.FromSeconds(5)));

        var lines = server.Output.ToArray().Select(Parse).ToArray();
        Assert.Equal(4, lines.Length);
        var started = lines[2].GetProperty("message").GetString();
        Assert.Contains(server.Address.GetLeftPart(UriPartial.Authority), started, StringComparison.Ordinal);
        Assert.Contains("engine disk", started, StringComparison.Ordinal);
        Assert.StartsWith("Loading the entries from ", lines[0].GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.StartsWith("Loaded 0 entries at revision 0 from ", lines[1].GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Contains("1048576", started, StringComparison.Ordinal);
        Assert.Contains("stopped", lines[3].GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Empty(server.Error.ToArray());
    }

    [Fact]
    public async Task Output_SlowRequest_HasRouteAndDuration()
    {
        await using var server = await ServerProcess.StartAsync(("SlowRequestTime", "00:00:00.050"));
        using var connection = await RawConnection.ConnectAsync(server.Address);

        await connection.SendAsync("PUT /v1/kv/slow HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nv");

        // The request has to last; there is nothing to await.
        await Task.Delay(100, TestContext.Current.CancellationToken);
        await connection.SendAsync("w");
        Assert.Equal(201, (await connection.ReadAsync()).Status);

        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        var line = Parse(await server.Output.WaitForAsync(line => line.Contains("/v1/kv/{key} was slow", StringComparison.Ordinal) && line.Contains("201", StringComparison.Ordinal), timeout.Token));
        Assert.Equal("Warning", line.GetProperty("level").GetString());
        Assert.True(line.GetProperty("properties").GetProperty("Milliseconds").GetDouble() >= 50);
    }

    [Fact]
    public async Task Output_WritesRejected_IsOneLinePerWindow()
    {
        await using var server = await ServerProcess.StartAsync(("QueueOperationsMax", "1"), ("BatchOperationsMax", "1"));
        var refused = 0;
        await Task.WhenAll(Enumerable.Range(0, 50).Select(number => Task.Run(async () =>
        {
            using var connection = await RawConnection.ConnectAsync(server.Address);
            for (var i = 0; i < 20; i++)
            {
                if ((await connection.ExchangeAsync($"PUT /v1/kv/{number} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nv")).Status == 429)
                    Interlocked.Increment(ref refused);
            }
        })));

        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        await server.Output.WaitForAsync(line => line.Contains("429", StringComparison.Ordinal), timeout.Token);
        Assert.True(refused > 5, $"{refused}");
        Assert.InRange(server.Output.ToArray().Count(line => line.Contains("429", StringComparison.Ordinal)), 1, 5);
        Assert.All(server.Output.ToArray(), line => Parse(line));
    }

    [Fact]
    public async Task Output_ThatIsNotRead_DelaysNoRequestAndNoStop()
    {
        using var server = Process.Start(new ProcessStartInfo(Repository.Server[0],
            [.. Repository.Server[1..], "--engine", "memory", "--urls", "http://127.0.0.1:0", "--KvStore:AccessLog", "true"])
        { RedirectStandardOutput = true })!;
        try
        {
            var started = Parse((await server.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken))!);
            using var connection = await RawConnection.ConnectAsync(new Uri(started.GetProperty("properties").GetProperty("Addresses").GetString()!));

            // A pipe takes 64 KiB, and a line has more than 200 bytes.
            for (var i = 0; i < 2000; i++)
                Assert.Equal(404, (await connection.ExchangeAsync("GET /v1/kv/none HTTP/1.1\r\nHost: localhost\r\n\r\n")).Status);

            Signals.Send(server.Id, Signal.Terminate);
            await server.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
            Assert.Equal(0, server.ExitCode);
        }
        finally
        {
            if (!server.HasExited)
                server.Kill();
        }
    }

    private static JsonElement Parse(string line) => JsonDocument.Parse(line).RootElement;
}
