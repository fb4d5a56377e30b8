namespace KvStore.Server.Tests;

public sealed class SingleFlightTests
{
    private static readonly CancellationToken Token = TestContext.Current.CancellationToken;

    [Fact]
    public async Task GetAsync_ManyAtOnce_MakesOne()
    {
        var (made, gate) = (0, new TaskCompletionSource());
        var flight = new SingleFlight<object>(async () =>
        {
            Interlocked.Increment(ref made);
            await gate.Task;
            return new object();
        });
        var all = Enumerable.Range(0, 100).Select(_ => Task.Run(flight.GetAsync, Token)).ToArray();
        gate.SetResult();

        Assert.Single((await Task.WhenAll(all)).Distinct());
        Assert.Same(await all[0], await flight.GetAsync());
        Assert.Equal(1, made);
    }

    [Fact]
    public async Task GetAsync_AfterFailure_TriesAgain()
    {
        var made = 0;
        var flight = new SingleFlight<int>(() => Interlocked.Increment(ref made) == 1 ? throw new InvalidOperationException("No memory.") : Task.FromResult(made));

        await Assert.ThrowsAsync<InvalidOperationException>(flight.GetAsync);
        Assert.Equal(2, await flight.GetAsync());
        Assert.Equal(2, await flight.GetAsync());
    }
}
