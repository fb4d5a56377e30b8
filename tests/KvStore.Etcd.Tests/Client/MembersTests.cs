namespace KvStore.Etcd.Tests;

/// <summary>Which member is asked next.</summary>
public sealed class MembersTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly EtcdMember[] _all;
    private readonly EtcdMembers _members;

    public MembersTests()
    {
        Uri[] endpoints = [new("http://a:2379"), new("http://b:2379"), new("http://c:2379")];
        _all = [.. endpoints.Select(endpoint => new EtcdMember(endpoint, new() { Endpoints = endpoints }, () => { }))];
        _members = new(_all, _time);
    }

    private string Picked => _members.Pick().Endpoint.Host;

    [Fact]
    public void Pick_MemberFailed_IsTheNextOneEverAfter()
    {
        Assert.Equal("a", Picked);

        _members.Report(_all[0], EtcdFailure.Unknown);
        Assert.Equal("b", Picked);
        _time.Advance(2 * EtcdMembers.BackOff);
        Assert.Equal("b", Picked);
    }

    [Fact]
    public void Report_ManyFailuresOfOneMember_MoveOnOnce()
    {
        for (var i = 0; i < 10; i++)
            _members.Report(_all[0], EtcdFailure.Refused);

        Assert.Equal("b", Picked);
    }

    [Fact]
    public void Pick_AllFailed_IsTheOneThatFailedFirst()
    {
        for (var i = 0; i < 3; i++)
        {
            _members.Report(_all[i], EtcdFailure.NotSent);
            _time.Advance(EtcdMembers.BackOff / 10);
        }

        Assert.Equal("a", Picked);
        _members.Report(_all[0], EtcdFailure.NotSent);
        Assert.Equal("b", Picked);
    }

    [Theory]
    [InlineData(nameof(EtcdFailure.NotPermitted))]
    [InlineData(nameof(EtcdFailure.NoSpace))]
    [InlineData(nameof(EtcdFailure.TooLarge))]
    [InlineData(nameof(EtcdFailure.Compacted))]
    public void Report_Answer_KeepsTheMember(string failure)
    {
        _members.Report(_all[0], Enum.Parse<EtcdFailure>(failure));

        Assert.Equal("a", Picked);
    }

    public void Dispose() => Array.ForEach(_all, member => member.Dispose());
}
