namespace KvStore.Origins.Tests;

public sealed class CircuitBreakerTests
{
    private static readonly TimeSpan OpenFor = TimeSpan.FromSeconds(5);

    private readonly FakeTimeProvider _time = new();
    private readonly CircuitBreaker _breaker;

    public CircuitBreakerTests() => _breaker = new CircuitBreaker(3, OpenFor, _time);

    [Fact]
    public void Record_FailuresInSuccession_Open()
    {
        Call(CallVerdict.Ill);
        Call(CallVerdict.Ill);
        Call(CallVerdict.Healthy);
        Call(CallVerdict.Ill);
        Call(CallVerdict.Ill);
        Assert.Equal((BreakerState.Closed, null), (_breaker.State, _breaker.OpenLeft));
        Assert.Equal(BreakerState.Open, Call(CallVerdict.Ill));
        Assert.Equal((BreakerState.Open, OpenFor), (_breaker.State, _breaker.OpenLeft));
        Assert.False(_breaker.TryEnter(out _));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void TryEnter_HalfOpen_AdmitsOneCall(bool isHealthy)
    {
        Open();
        _time.Advance(OpenFor);
        Assert.Equal((BreakerState.HalfOpen, null), (_breaker.State, _breaker.OpenLeft));
        Assert.True(_breaker.TryEnter(out var probe));
        Assert.False(_breaker.TryEnter(out _));
        Assert.Equal((BreakerState.HalfOpen, OpenFor), (_breaker.State, _breaker.OpenLeft));
        Assert.Equal(isHealthy ? BreakerState.Closed : BreakerState.Open, _breaker.Record(probe, isHealthy ? CallVerdict.Healthy : CallVerdict.Ill));
        Assert.Equal(isHealthy, _breaker.TryEnter(out _));
        Assert.Equal(isHealthy ? null : OpenFor, _breaker.OpenLeft);
    }

    [Fact]
    public void Record_ProbeWithoutVerdict_AdmitsAnother()
    {
        Open();
        _time.Advance(OpenFor);
        Assert.True(_breaker.TryEnter(out var probe));
        Assert.Null(_breaker.Record(probe, CallVerdict.None));
        Assert.True(_breaker.TryEnter(out _));
    }

    [Fact]
    public void Record_CallFromBeforeItOpened_SaysNothing()
    {
        Assert.True(_breaker.TryEnter(out var slow));
        Open();
        Assert.Null(_breaker.Record(slow, CallVerdict.Healthy));
        Assert.Equal(BreakerState.Open, _breaker.State);
        _time.Advance(OpenFor);
        Assert.True(_breaker.TryEnter(out var probe));
        Assert.Null(_breaker.Record(slow, CallVerdict.Healthy));
        Assert.False(_breaker.TryEnter(out _));
        Assert.Equal(BreakerState.Closed, _breaker.Record(probe, CallVerdict.Healthy));
        Assert.Null(_breaker.Record(slow, CallVerdict.Ill));
    }

    private void Open()
    {
        for (var i = 0; i < 3; i++)
            Call(CallVerdict.Ill);
    }

    private BreakerState? Call(CallVerdict verdict)
    {
        Assert.True(_breaker.TryEnter(out var period));
        return _breaker.Record(period, verdict);
    }
}
