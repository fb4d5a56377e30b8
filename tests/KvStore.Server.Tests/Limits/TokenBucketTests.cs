namespace KvStore.Server.Tests;

public sealed class TokenBucketTests
{
    private const long Second = 1000;

    [Fact]
    public void TryTake_Burst_IsOneSecondAndRefillsByTheRate()
    {
        var bucket = new TokenBucket();
        for (var i = 0; i < 10; i++)
            Assert.True(bucket.TryTake(10, 0, Second, 1));
        Assert.False(bucket.TryTake(10, 0, Second, 1));
        Assert.Equal((0L, 0.1), (bucket.Left, Math.Round(bucket.SecondsToOne(10), 6)));
        Assert.False(bucket.TryTake(10, 99, Second, 1));
        Assert.True(bucket.TryTake(10, 100, Second, 1));
        Assert.False(bucket.IsFull(10, 1000, Second));
        Assert.True(bucket.IsFull(10, 1100, Second));
        Assert.True(bucket.TryTake(10, 5000, Second, 1));
        Assert.Equal(9, bucket.Left);
    }

    [Fact]
    public void Charge_MoreThanThereIs_IsMadeUpForBeforeAnythingIsAdmitted()
    {
        var bucket = new TokenBucket();
        bucket.Charge(100, 0, Second, 1000);
        Assert.False(bucket.TryTake(100, 8000, Second, 0));
        Assert.Equal(1.01, bucket.SecondsToOne(100), 6);
        Assert.True(bucket.TryTake(100, 9010, Second, 0));
    }
}
