namespace KvStore.Etcd.Tests;

public sealed class ClusterClockTests
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    private readonly FakeTimeProvider _true = new();
    private readonly MachineTime _own;
    private readonly ClusterClock _clock;

    public ClusterClockTests()
    {
        _own = new MachineTime(_true);
        _clock = new ClusterClock(_own);
    }

    private TimeSpan Error => _clock.GetUtcNow() - _true.GetUtcNow();

    [Fact]
    public void Alone_IsTheOwnClock()
    {
        _own.Error = Hour;
        Assert.Equal(Hour, Error);
        _clock.Follow([]);
        Assert.Equal((Hour, TimeSpan.Zero), (Error, _clock.Offset));
        _own.Error = -Hour;
        Assert.Equal(-Hour, Error);
        _own.Error = 3 * Hour;
        Assert.Equal(3 * Hour, Error);
    }

    [Theory]
    [InlineData(1, 0, 0, 0)]
    [InlineData(-1, 0, 0, 0)]
    [InlineData(0, 1, 0, 0)]
    [InlineData(0, 0, -1, 0)]
    [InlineData(0, 1, 2, 1)]
    public void Three_OneIsWrong_FollowsTheMiddle(int own, int second, int third, int expected)
    {
        _own.Error = own * Hour;
        _clock.Follow([Other(second * Hour, expected * Hour), Other(third * Hour, expected * Hour)]);
        Assert.Equal((expected * Hour, (own - expected) * Hour), (Error, _clock.Error));
    }

    [Theory]
    [InlineData(0, 1, 0)]
    [InlineData(1, 0, 0)]
    [InlineData(0, -1, -1)]
    public void Two_Disagree_TheEarlierCounts(int own, int other, int expected)
    {
        _own.Error = own * Hour;
        _clock.Follow([Other(other * Hour, expected * Hour)]);
        Assert.Equal(expected * Hour, Error);
    }

    [Fact]
    public void SmallDifferences_DoNotCount()
    {
        _clock.Follow([Other(TimeSpan.FromMilliseconds(-240)), Other(TimeSpan.FromMilliseconds(-200))]);
        Assert.Equal(TimeSpan.Zero, _clock.Offset);
    }

    [Fact]
    public void OwnClockIsSet_WhileOthersAgree_ChangesNothingAtAnyMoment()
    {
        _clock.Follow([Other(TimeSpan.Zero), Other(TimeSpan.Zero)]);
        foreach (var hours in (int[])[1, -1, 24, 0])
        {
            _own.Error = hours * Hour;
            Assert.Equal(TimeSpan.Zero, Error);
        }
    }

    [Fact]
    public void MiddleIsLater_AdvancesSlowly()
    {
        // The clock that is behind counted while there were two.
        _clock.Follow([Other(-Hour)]);
        Assert.Equal(-Hour, Error);

        _clock.Follow([Other(-Hour), Other(TimeSpan.Zero, -Hour)]);
        Assert.Equal(-Hour, Error);
        _true.Advance(TimeSpan.FromMinutes(1));
        _clock.Follow([Other(-Hour), Other(TimeSpan.Zero, -Hour)]);
        Assert.Equal(-Hour + TimeSpan.FromMilliseconds(300), Error);
    }

    [Fact]
    public void OthersDie_DoesNotJumpToAWrongOwnClock()
    {
        _own.Error = Hour;
        _clock.Follow([Other(TimeSpan.Zero)]);
        Assert.Equal(TimeSpan.Zero, Error);
        _clock.Follow([]);
        Assert.Equal(TimeSpan.Zero, Error);
    }

    [Fact]
    public void OwnClockWasAhead_GoesBackAtOnce()
    {
        _own.Error = Hour;
        _clock.Follow([]);
        Assert.Equal(Hour, Error);
        _clock.Follow([Other(TimeSpan.Zero, TimeSpan.Zero)]);
        Assert.Equal(TimeSpan.Zero, Error);
    }

    [Fact]
    public void OthersAreLater_IsAtOnceWhereTheLastOfThemIs()
    {
        _own.Error = -2 * Hour;
        _clock.Follow([]);
        _clock.Follow([Other(TimeSpan.Zero, -Hour), Other(TimeSpan.Zero, TimeSpan.FromMinutes(-30))]);
        Assert.Equal(-Hour, Error);
    }

    private ClockSample Other(TimeSpan error, TimeSpan? cluster = null)
    {
        var right = _true.GetUtcNow() - DateTimeOffset.UnixEpoch - ClusterClock.Monotonic(_true);
        return new ClockSample(right + error, right + (cluster ?? error));
    }
}
