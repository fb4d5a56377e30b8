namespace KvStore.Tests;

public sealed class ExpirySweeperTests
{
    [Theory]
    [InlineData(true, 0)]
    [InlineData(false, 1)]
    public void Sweep_Exception_EndsStoreUnlessMemoryIsShort(bool isMemoryShort, int failuresExpected)
    {
        var time = new FailingTime(isMemoryShort ? new InsufficientMemoryException() : new InvalidOperationException());
        var failures = new List<Exception>();
        var options = new StoreOptions();
        using var sweeper = new ExpirySweeper(new ExpirySchedule(new MemoryAccount("records", 1)), options, new StoreMetrics(null), time, () => 0, _ => throw new NotSupportedException(), failures.Add);

        time.Advance(options.ExpiryInterval);
        Assert.Equal(failuresExpected, failures.Count);

        // The next sweep is made.
        time.Advance(options.ExpiryInterval);
        Assert.Equal(2, time.Asked);
    }

    private sealed class FailingTime(Exception exception) : FakeTimeProvider
    {
        private bool _isAdvancing;

        public int Asked { get; private set; }

        public new void Advance(TimeSpan time)
        {
            _isAdvancing = true;
            base.Advance(time);
            _isAdvancing = false;
        }

        public override DateTimeOffset GetUtcNow()
        {
            if (!_isAdvancing)
                return base.GetUtcNow();
            Asked++;
            throw exception;
        }
    }
}
