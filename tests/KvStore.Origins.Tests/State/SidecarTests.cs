namespace KvStore.Origins.Tests;

public sealed class SidecarTests
{
    private static readonly Sidecar Full = new(
        SidecarKind.Loaded, TimeSpan.FromMilliseconds(0x01020304), TimeSpan.FromMilliseconds(2), TimeSpan.FromMilliseconds(3), TimeSpan.FromMilliseconds(4), "W/\"x\"");

    // What is on disks and in etcd, written down.
    [Fact]
    public void ToBytes_Any_HasTheseBytes()
    {
        Assert.Equal("010104030201020000000300000004000000572F227822", Convert.ToHexString(Full.ToBytes()));
        Assert.Equal("010400000000000000000000000000000000", Convert.ToHexString(new Sidecar(SidecarKind.Invalid, default, default, default, default, null).ToBytes()));
        Assert.Equal([Full], [Sidecar.TryRead(Full.ToBytes())]);
    }

    [Fact]
    public void ToBytes_OutOfRange_IsBounded()
    {
        var read = Sidecar.TryRead(new Sidecar(SidecarKind.Absent, TimeSpan.FromDays(100), TimeSpan.FromSeconds(-1), default, default, "\"é\"").ToBytes());
        Assert.Equal(new Sidecar(SidecarKind.Absent, Sidecar.DurationMax, TimeSpan.Zero, default, default, null), read);
        Assert.Null(Sidecar.TryRead((Full with { ETag = new string('e', 1025) }).ToBytes())!.Value.ETag);
        Assert.Equal(1024, Sidecar.TryRead((Full with { ETag = new string('e', 1024) }).ToBytes())!.Value.ETag!.Length);
    }

    [Theory]
    [InlineData("")]
    [InlineData("0101000000000000000000000000000000")]
    [InlineData("020100000000000000000000000000000000")]
    [InlineData("010000000000000000000000000000000000")]
    [InlineData("010500000000000000000000000000000000")]
    [InlineData("010100000000000000000000000000000000FF")]
    public void TryRead_OtherBytes_IsNull(string bytes) => Assert.Null(Sidecar.TryRead(Convert.FromHexString(bytes)));
}
