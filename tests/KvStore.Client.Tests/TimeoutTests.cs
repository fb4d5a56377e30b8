namespace KvStore.Client.Tests;

/// <summary>An answer that stalls, wherever it does.</summary>
public sealed class TimeoutTests
{
    private static readonly string Answer = Answers.Entry("a value");

    public static TheoryData<int> StallsAfter => [0, 20, Answer.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4, Answer.Length - 1];

    [Theory]
    [MemberData(nameof(StallsAfter))]
    public async Task Answer_Stalls_EndsTheAttempt(int bytes)
    {
        var (time, stalled) = (new FakeTimeProvider(), new SemaphoreSlim(0));
        await using var server = Stalling(stalled, () => bytes);
        using var client = Clients.ClientOf(server, Clients.Quick with { TimeProvider = time, RetriesMax = 1 });
        var reading = client.GetAsync("key", cancellationToken: Clients.Token);
        for (var attempt = 1; attempt <= 2; attempt++)
        {
            await stalled.WaitAsync(Clients.Token);
            Assert.False(reading.IsCompleted);
            time.Advance(TimeSpan.FromSeconds(30));
        }

        var failure = await Assert.ThrowsAsync<KvStoreException>(() => reading);
        Assert.IsType<TimeoutException>(failure.InnerException);
    }

    [Fact]
    public async Task Body_StallsOnce_IsReadByTheRetry()
    {
        var (time, stalled, attempts) = (new FakeTimeProvider(), new SemaphoreSlim(0), 0);
        await using var server = Stalling(stalled, () => attempts++ == 0 ? Answer.Length - 1 : Answer.Length);
        using var client = Clients.ClientOf(server, Clients.Quick with { TimeProvider = time });
        var reading = client.GetAsync("key", cancellationToken: Clients.Token);
        await stalled.WaitAsync(Clients.Token);
        time.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal("a value", (await reading)!.Text);
    }

    // Five retries of 30 s each would take 180 s.
    [Fact]
    public async Task Call_ManyStalls_EndsAfterItsTimeout()
    {
        var (time, stalled) = (new FakeTimeProvider(), new SemaphoreSlim(0));
        await using var server = Stalling(stalled, () => 0);
        using var client = Clients.ClientOf(server, Clients.Quick with { TimeProvider = time });
        var start = time.GetUtcNow();
        var writing = client.PutAsync("key", "value", cancellationToken: Clients.Token);
        foreach (var seconds in new[] { 30, 30, 30, 10 })
        {
            await stalled.WaitAsync(Clients.Token);
            Assert.False(writing.IsCompleted);
            time.Advance(TimeSpan.FromSeconds(seconds));
        }

        var failure = await Assert.ThrowsAsync<KvStoreException>(() => writing);
        Assert.Equal((TimeSpan.FromSeconds(100), KvOutcome.Unknown), (time.GetUtcNow() - start, failure.Outcome));
    }

    // A delay that would outlast the call is not waited for.
    [Fact]
    public async Task Call_DelayBeyondItsTimeout_FailsAtOnce()
    {
        await using var server = ScriptedServer.Always(Answers.Problem(503, "unavailable", "not-applied", "Retry-After: 60\r\n"));
        using var client = Clients.ClientOf(server, Clients.Quick with { TimeProvider = new FakeTimeProvider(), Timeout = TimeSpan.FromSeconds(4) });
        await Assert.ThrowsAsync<KvStoreException>(() => client.PutAsync("key", "value", cancellationToken: Clients.Token));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Answer_TooLarge_IsNotRead(bool isChunked)
    {
        await using var server = ScriptedServer.Always(isChunked
            ? "HTTP/1.1 200 OK\r\nKvStore-Revision: 7\r\nETag: \"7\"\r\nTransfer-Encoding: chunked\r\n\r\n" + Answers.Chunk(new string('x', 101))
            : Answers.Entry(new string('x', 101)));
        using var client = Clients.ClientOf(server, Clients.Quick with { ResponseBytesMax = 100 });
        var failure = await Assert.ThrowsAsync<KvStoreException>(() => client.GetAsync("key", cancellationToken: Clients.Token));
        Assert.Contains("ResponseBytesMax", failure.Message, StringComparison.Ordinal);
    }

    private static ScriptedServer Stalling(SemaphoreSlim stalled, Func<int> bytes) => new(async (_, connection) =>
    {
        var sent = bytes();
        await connection.SendAsync(Answer[..sent]);
        if (sent == Answer.Length)
            return;
        stalled.Release();
        await connection.WhenClosedAsync();
    });
}
