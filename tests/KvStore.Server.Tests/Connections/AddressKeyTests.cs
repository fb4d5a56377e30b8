using System.Net;
using System.Net.Sockets;

namespace KvStore.Server.Tests;

public sealed class AddressKeyTests
{
    [Theory]
    [InlineData("10.1.2.3", "10.1.2.3", true)]
    [InlineData("10.1.2.3", "::ffff:10.1.2.3", true)]
    [InlineData("10.1.2.3", "10.1.2.4", false)]
    [InlineData("10.1.2.3", "::10.1.2.3", false)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", true)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:3::1", false)]
    [InlineData("fe80::1%1", "fe80::2%2", true)]
    [InlineData("0.0.0.0", "::", false)]
    public void Of_TwoAddresses_IsOneOrTwo(string one, string other, bool isOne) =>
        Assert.Equal(isOne, AddressKey.Of(new IPEndPoint(IPAddress.Parse(one), 1)) == AddressKey.Of(new IPEndPoint(IPAddress.Parse(other), 2)));

    [Fact]
    public void Of_UnixSocket_IsNone()
    {
        Assert.Null(AddressKey.Of(new UnixDomainSocketEndPoint("/tmp/socket")));
        Assert.Null(AddressKey.Of(null));
    }
}
