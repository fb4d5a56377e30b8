namespace KvStore.Server.Tests;

public sealed class ConnectionLimitsTests
{
    [Theory]
    [InlineData(null, 16_384, 12_288)]
    [InlineData(1_048_576L, 16_384, 12_288)]
    [InlineData(16_768L, 16_384, 12_288)]
    [InlineData(16_767L, 16_383, 12_288)]
    [InlineData(4096L, 3712, 2784)]
    [InlineData(512L, 128, 96)]
    [InlineData(385L, 1, 1)]
    public void Of_Descriptors_LeaveReserveAndShare(long? descriptors, int connections, int perAddress)
    {
        var limits = ConnectionLimits.Of(WithMemory(1 << 30), descriptors);
        Assert.Equal((connections, perAddress), (limits.ConnectionsMax, limits.PerAddressMax));
    }

    [Theory]
    [InlineData(1 << 30, 16_384)]
    [InlineData(1000 * ConnectionLimits.ConnectionBytes, 1000)]
    [InlineData(1, 1)]
    public void Of_Memory_HasRoomForAll(long bytes, int expected) => Assert.Equal(expected, ConnectionLimits.Of(WithMemory(bytes), null).ConnectionsMax);

    [Theory]
    [InlineData(100, 100)]
    [InlineData(500, 400)]
    [InlineData(0, 300)]
    public void Of_PerAddress_IsAtMostAll(int asked, int expected) =>
        Assert.Equal(expected, ConnectionLimits.Of(new KvStoreOptions { ConnectionsMax = 400, ConnectionsPerAddressMax = asked }, null).PerAddressMax);

    [Fact]
    public void Of_TooFewDescriptors_SaysWhatIsNeeded()
    {
        var exception = Assert.Throws<InvalidOperationException>(() => ConnectionLimits.Of(new KvStoreOptions(), 384));
        Assert.Contains("384", exception.Message, StringComparison.Ordinal);
        Assert.Contains("LimitNOFILE=", exception.Message, StringComparison.Ordinal);
        Assert.True(ServiceRunner.IsExplained(exception));
    }

    private static KvStoreOptions WithMemory(long bytes) => new() { Store = new StoreOptions { ConnectionsBytesMax = bytes } };
}
