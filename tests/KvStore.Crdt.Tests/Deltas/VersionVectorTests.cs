namespace KvStore.Crdt.Tests;

public sealed class VersionVectorTests
{
    [Fact]
    public void ToString_Parsed_IsTheSame()
    {
        var version = Of((1, 5), (7, Dot.SequenceMax), (ulong.MaxValue, 300));
        Assert.Equal(version, VersionVector.TryParse(version.ToString()));
        Assert.Equal(VersionVector.Empty, VersionVector.TryParse(VersionVector.Empty.ToString()));
        Assert.Equal(version.ToString().Length, version.TextLength);
        Assert.Equal(VersionVector.Empty.ToString().Length, VersionVector.Empty.TextLength);
        Assert.Equal([5UL, Dot.SequenceMax, 300UL], version.Entries.Select(entry => entry.Value));
        Assert.Equal(5UL, version[new ReplicaId(1)]);
        Assert.Equal(0UL, version[new ReplicaId(2)]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("AQ")]
    [InlineData("not base64url!")]
    [InlineData("AAAA")]
    public void TryParse_OfSomethingElse_IsNull(string text) => Assert.Null(VersionVector.TryParse(text));

    [Fact]
    public void Covers_IsAPartialOrder()
    {
        var (low, high, other) = (Of((1, 1)), Of((1, 2), (2, 1)), Of((3, 1)));
        Assert.True(high.Covers(low) && high.Covers(high) && low.Covers(VersionVector.Empty));
        Assert.False(low.Covers(high) || high.Covers(other) || other.Covers(low));
        Assert.Equal(low, high.Meet(low));
        Assert.Equal(VersionVector.Empty, high.Meet(other));
        Assert.Equal(Of((1, 2), (2, 1), (3, 1)), other.Join(high).Join(low));
        Assert.Equal(high, high.Beyond(low));
        Assert.Equal(Of((3, 1)), other.Join(high).Beyond(high));
    }

    [Theory]
    [InlineData("0123456789abcdef", true)]
    [InlineData("FFFFFFFFFFFFFFFF", true)]
    [InlineData("", false)]
    [InlineData("123456789abcdef", false)]
    [InlineData("0123456789abcdef0", false)]
    [InlineData(" 123456789abcdef", false)]
    [InlineData("0x23456789abcdef", false)]
    public void TryParse_OfAReplicaId_TakesSixteenDigits(string text, bool isId)
    {
        Assert.Equal(isId, ReplicaId.TryParse(text, out var id));
        if (isId)
            Assert.Equal(text, id.ToString(), ignoreCase: true);
    }

    private static VersionVector Of(params (ulong Replica, ulong Sequence)[] entries) =>
        new(0, entries.Select(entry => KeyValuePair.Create(new ReplicaId(entry.Replica), entry.Sequence)));
}
