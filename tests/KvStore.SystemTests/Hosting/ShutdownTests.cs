using System.Diagnostics;
using System.Net.Sockets;

namespace KvStore.SystemTests;

/// <summary>How the service stops: in time, with code 0, and without taking back what it has answered.</summary>
[Trait("Program", "both")]
public sealed class ShutdownTests
{
    private const int KilledByTerminate = 128 + (int)Signal.Terminate;
    private static readonly TimeSpan ExitTimeout = TimeSpan.FromSeconds(5);

    [Theory]
    [InlineData((int)Signal.Terminate)]
    [InlineData((int)Signal.Interrupt)]
    public async Task Signal_Idle_ExitsWith0(int signal)
    {
        await using var server = await ServerProcess.StartAsync();

        server.Send((Signal)signal);

        Assert.Equal(0, await server.WaitForExitAsync(ExitTimeout));
        Assert.Empty(server.Error.ToArray());
    }

    /// <summary>A second signal is from a person who does not want to wait.</summary>
    [Theory]
    [InlineData((int)Signal.Terminate)]
    [InlineData((int)Signal.Interrupt)]
    public async Task SecondSignal_WhileDraining_ExitsWith0(int signal)
    {
        await using var server = await ServerProcess.StartAsync(("DrainTime", "10m"));

        server.Send((Signal)signal);
        await server.WaitForLineAsync(line => line.Contains("/readyz answers 503", StringComparison.Ordinal));
        using (var connection = await RawConnection.ConnectAsync(server.Address))
            Assert.Equal("close", (await connection.PutAsync("late", "value")).Header("Connection"));
        server.Send((Signal)signal);

        Assert.Equal(0, await server.WaitForExitAsync(ExitTimeout));
        Assert.Empty(server.Error.ToArray());
    }

    /// <summary>
    /// The process is gone afterwards and its memory with it, so the state is read while it stops: through requests that
    /// were begun before the signal and whose last bytes are sent after the last write has been answered or cut off.
    /// </summary>
    [Fact]
    public async Task Terminate_During10000Writes_KeepsAcknowledgedWrites()
    {
        await using var server = await ServerProcess.StartAsync();
        using var flood = await WriteFlood.OpenAsync(server.Address);

        var answers = flood.WriteAsync();
        await flood.QuarterAnswered;
        server.Send(Signal.Terminate);
        var clock = Stopwatch.StartNew();
        var answered = await answers;
        var stored = await flood.ReadStoredAsync();
        var code = await server.WaitForExitAsync(ExitTimeout - clock.Elapsed);

        var output = TestContext.Current.TestOutputHelper;
        output?.WriteLine($"{answered.Count} of {WriteFlood.Writes} writes were answered, {stored.Count} applied; exit after {clock.Elapsed.TotalSeconds:F2} s");
        Assert.Equal(0, code);
        Assert.InRange(answered.Count, WriteFlood.Writes / 4, WriteFlood.Writes - 1);
        foreach (var (key, answer) in answered)
        {
            Assert.True(answer.Status is 201 or 429 or 503, $"{key}: {answer}");
            if (answer.IsSuccess)
                Assert.Equal((WriteFlood.ValueOf(key), answer.Revision!.Value), stored.GetValueOrDefault(key));
            else
                Assert.False(stored.ContainsKey(key), $"{key} was refused with {answer.Status} and yet applied.");
        }
    }

    /// <summary>Before the runtime has installed its handler the system's own one ends the process: 143. From the start line on it must be 0.</summary>
    [Fact]
    public async Task Terminate_DuringStart_Exits()
    {
        const int Rounds = 10;
        var random = Seed.NewRandom();
        var startTime = await MeasureStartAsync();
        for (var round = 0; round < Rounds; round++)
        {
            await using var server = ServerProcess.Launch(["--urls", "http://127.0.0.1:0"]);

            // A random moment is the point here, so there is nothing to await.
            var delay = startTime * (1.2 * random.NextDouble());
            await Task.Delay(delay, TestContext.Current.CancellationToken);
            var hadStarted = server.Output.ToArray().Length > 0;
            server.Send(Signal.Terminate);
            var code = await server.WaitForExitAsync(ExitTimeout);

            TestContext.Current.TestOutputHelper?.WriteLine($"{delay.TotalMilliseconds:F0} ms, start line {(hadStarted ? "written" : "not yet written")}: exit code {code}");
            Assert.True(code == 0 || (code == KilledByTerminate && !hadStarted), $"Exit code {code} after {delay}.\n{server.Transcript}");
            Assert.Empty(server.Error.ToArray());
        }
    }

    [Fact]
    public async Task Terminate_RightAfterReadiness_Exits()
    {
        for (var round = 0; round < 3; round++)
        {
            await using var server = await ServerProcess.StartAsync();
            using var connection = await RawConnection.ConnectAsync(server.Address);

            await connection.SendAsync("PUT /v1/kv/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nv");
            server.Send(Signal.Terminate);
            var answer = await connection.TryReadAsync();

            Assert.True(answer is null or { Status: 201 or 503 }, $"{answer}");
            Assert.Equal(0, await server.WaitForExitAsync(ExitTimeout));
        }
    }

    [Fact]
    public async Task Terminate_IdleAndSlowClients_ExitsInTime()
    {
        await using var server = await ServerProcess.StartAsync();
        var idle = new List<RawConnection>();
        for (var i = 0; i < 20; i++)
            idle.Add(await RawConnection.ConnectAsync(server.Address));
        Assert.Equal(200, (await idle[0].ExchangeAsync("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")).Status);
        using var upload = await RawConnection.ConnectAsync(server.Address);
        await upload.SendAsync("PUT /v1/kv/slow HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n");
        using var uploadEnd = new CancellationTokenSource();
        var uploading = TrickleAsync(upload, uploadEnd.Token);

        server.Send(Signal.Terminate);
        var code = await server.WaitForExitAsync(ExitTimeout);

        await uploadEnd.CancelAsync();
        await uploading;
        Assert.Equal(0, code);
        foreach (var connection in idle)
        {
            Assert.Null(await connection.TryReadAsync());
            connection.Dispose();
        }
    }

    /// <summary>The shorter of two times: on a machine that has other work one of them may be far too long.</summary>
    private static async Task<TimeSpan> MeasureStartAsync()
    {
        var shortest = TimeSpan.MaxValue;
        for (var i = 0; i < 2; i++)
        {
            var clock = Stopwatch.StartNew();
            await using var server = await ServerProcess.StartAsync();
            shortest = clock.Elapsed < shortest ? clock.Elapsed : shortest;
        }

        return shortest;
    }

    /// <summary>Fast enough that the service's own limit for slow bodies does not end it.</summary>
    private static async Task TrickleAsync(RawConnection connection, CancellationToken end)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        try
        {
            while (await timer.WaitForNextTickAsync(end))
                await connection.SendAsync(new string('x', 100));
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException)
        {
            // The service closed the connection, as it should, or the test is over.
        }
    }
}
