namespace KvStore.Etcd.Tests;

public sealed class PositionSignalTests
{
    private readonly PositionSignal _signal = new();

    [Fact]
    public void Advance_CompletesWaitsUpToIt()
    {
        using var first = _signal.WaitFor(1);
        using var second = _signal.WaitFor(2);
        using var same = _signal.WaitFor(1);

        _signal.Advance(1);

        Assert.True(first.Reached.IsCompleted && same.Reached.IsCompleted && _signal.WaitFor(1).Reached.IsCompleted);
        Assert.False(second.Reached.IsCompleted);
        _signal.Advance(0);
        Assert.Equal(1, _signal.Position);
    }

    // While a watch is silent, every read and every probe waits and gives up.
    [Fact]
    public void Dispose_LastOfAPosition_KeepsNothing()
    {
        for (var position = 1; position <= 1000; position++)
        {
            var (one, other) = (_signal.WaitFor(position), _signal.WaitFor(position));
            one.Dispose();
            Assert.Equal(1, _signal.Waiting);
            other.Dispose();
        }

        Assert.Equal(0, _signal.Waiting);
    }

    [Fact]
    public async Task WaitFor_GivenUp_KeepsNothing()
    {
        var state = new LogState(new EtcdLayout("t/"), new ImageFollower(new MemoryBudget(new StoreOptions())), TimeProvider.System);
        var delivery = new Delivery(state, new EtcdLogOptions(), TimeProvider.System);

        Assert.False(await delivery.WaitForAsync(10, delivery.After(TimeSpan.FromMilliseconds(1), CancellationToken.None)));

        Assert.Equal(0, state.Applied.Waiting);
    }
}
