namespace KvStore.Etcd.Tests;

public sealed class MembershipTests : IAsyncDisposable
{
    private readonly FakeReplicas _replicas = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _replicas.DisposeAsync();

    [Fact]
    public async Task States_AreSeenByAll_AndRanksDiffer()
    {
        var (a, b, c) = (_replicas.Start("a"), _replicas.Start("b"), _replicas.Start("c"));
        await _replicas.UntilAsync(() => _replicas.Running.All(replica => replica.Membership.Joined.IsCompleted));
        await _replicas.SeenAsync("a=joining b=joining c=joining");
        b.Membership.State = ReplicaState.Ready;
        c.Membership.State = ReplicaState.Ready;
        await _replicas.SeenAsync("a=joining b=ready c=ready");
        a.Membership.State = ReplicaState.Ready;
        await _replicas.SeenAsync("a=ready b=ready c=ready");
        Assert.Equal([0, 1, 2], _replicas.Running.Select(replica => replica.Membership.Rank));
        b.Membership.State = ReplicaState.Draining;
        await _replicas.SeenAsync("a=ready b=draining c=ready");
        await _replicas.LeaveAsync(b);
        await _replicas.SeenAsync("a=ready c=ready");
        Assert.Equal(1, c.Membership.Rank);
    }

    [Fact]
    public async Task Dead_Fails_IsKnownToANewcomer_AndIsForgotten()
    {
        var (a, _) = (_replicas.Start("a"), _replicas.Start("b", options => options with { ForgottenAfter = TimeSpan.FromMinutes(1) }));
        await _replicas.SeenAsync("a=joining b=joining");
        await _replicas.KillAsync(a);
        await _replicas.SeenAsync("a=failed b=joining");
        await _replicas.UntilAsync(() => _replicas.Events.Length > 0);
        Assert.Equal("a", Assert.IsType<MembershipEvent.ReplicaFailed>(Assert.Single(_replicas.Events)).Replica.Id);

        // It does not listen long enough to find out by itself.
        _replicas.Start("c", options => options with { SilenceMax = TimeSpan.FromHours(1) });
        await _replicas.SeenAsync("a=failed b=joining c=joining");
        await _replicas.SeenAsync("b=joining c=joining");
    }

    [Fact]
    public async Task Forget_AliveOrSpokenAgain_DoesNothing()
    {
        var (a, b) = (_replicas.Start("a"), _replicas.Start("b").Membership);
        await _replicas.SeenAsync("a=joining b=joining");
        var alive = b.Replicas[0];
        Assert.False(await b.ForgetAsync(alive, Cancellation));
        Assert.False(await b.ForgetAsync(alive with { State = ReplicaState.Failed, ModRevision = 1 }, Cancellation));
        await _replicas.KillAsync(a);
        await _replicas.SeenAsync("a=failed b=joining");
        Assert.True(await b.ForgetAsync(b.Replicas[0], Cancellation));
        await _replicas.SeenAsync("b=joining");
    }

    [Fact]
    public async Task RecordOfALiveReplica_IsRemoved_Reappears()
    {
        _replicas.Start("a", options => options with { Interval = TimeSpan.FromHours(1) });
        _replicas.Start("b");
        await _replicas.SeenAsync("a=joining b=joining");
        _replicas.Server.Delete("kvstore/replica/a");
        await _replicas.SeenAsync("a=joining b=joining");
    }

    [Theory]
    [InlineData(EtcdFault.AnswerLost)]
    [InlineData(EtcdFault.RequestLost)]
    [InlineData(EtcdFault.NotSent)]
    [InlineData(EtcdFault.SentTwice)]
    [InlineData(EtcdFault.RequestDelayed)]
    public async Task Faults_OfHalfTheCalls_ChangeNothingForLong(object fault)
    {
        var calls = 0;
        var (a, b) = (_replicas.Start("a"), _replicas.Start("b"));
        a.Etcd.Fault = b.Etcd.Fault = _ => Interlocked.Increment(ref calls) % 2 == 0 ? (EtcdFault)fault : EtcdFault.None;
        a.Membership.State = b.Membership.State = ReplicaState.Ready;
        await _replicas.SeenAsync("a=ready b=ready");
        a.Membership.State = ReplicaState.Draining;
        while (_replicas.Server.Delayed > 0)
            _replicas.Server.ExecuteDelayed(_ => 0);
        await _replicas.SeenAsync("a=draining b=ready");
    }

    [Fact]
    public async Task Watches_BreakAreSilentOrCompacted_AreReopened()
    {
        var (a, b) = (_replicas.Start("a"), _replicas.Start("b"));
        await _replicas.SeenAsync("a=joining b=joining");
        a.Etcd.BreakWatches();
        b.Etcd.BreakWatches();
        a.Membership.State = ReplicaState.Ready;
        await _replicas.SeenAsync("a=ready b=joining");

        b.Etcd.WatchFault = _ => EtcdWatchFault.Silent;
        await _replicas.UntilAsync(() => !b.Membership.IsCurrent);
        b.Etcd.WatchFault = _ => EtcdWatchFault.None;
        a.Membership.State = ReplicaState.Draining;
        await _replicas.SeenAsync("a=draining b=joining");

        _replicas.Server.Compact(_replicas.Server.Revision);
        b.Etcd.BreakWatches();
        a.Membership.State = ReplicaState.Ready;
        await _replicas.SeenAsync("a=ready b=joining");
    }

    [Fact]
    public async Task EtcdAway_IsNotCurrent_AndNobodyFails()
    {
        var (a, b) = (_replicas.Start("a"), _replicas.Start("b"));
        await _replicas.SeenAsync("a=joining b=joining");
        a.Etcd.CutOff();
        b.Etcd.CutOff();
        await _replicas.UntilAsync(() => !a.Membership.IsCurrent && !b.Membership.IsCurrent);
        await Assert.ThrowsAsync<EtcdException>(() => a.Membership.ListAsync(Cancellation));
        for (var second = 0; second < 60; second++)
            _replicas.Time.Advance(TimeSpan.FromSeconds(1));
        a.Etcd.Heal();
        b.Etcd.Heal();
        await _replicas.SeenAsync("a=joining b=joining");
        Assert.Equal(2, (await a.Membership.ListAsync(Cancellation)).Length);
        Assert.Empty(_replicas.Events);
    }

    [Fact]
    public async Task Clocks_OneIsWrong_IsFollowedByNobody_FromTheStartOn()
    {
        await JoinAsync("a");
        await JoinAsync("b");
        await JoinAsync("c", TimeSpan.FromHours(1));
        AssertClocksAt(TimeSpan.Zero);
        Assert.InRange(Assert.IsType<MembershipEvent.ClockIsOff>(Assert.Single(_replicas.Events)).Error, TimeSpan.FromMinutes(59), TimeSpan.FromMinutes(61));
    }

    [Fact]
    public async Task Clocks_TheOthersAreBehindTogether_ANewcomerBeginsWhereTheyAre()
    {
        await JoinAsync("a", TimeSpan.FromHours(-1));
        await JoinAsync("b");
        await JoinAsync("c");
        AssertClocksAt(TimeSpan.FromHours(-1));
    }

    private async Task JoinAsync(string id, TimeSpan clockError = default)
    {
        var replica = _replicas.Start(id, clockError: clockError);
        await _replicas.UntilAsync(() => replica.Membership.Joined.IsCompleted);
    }

    private void AssertClocksAt(TimeSpan error) => Assert.All(_replicas.Running, replica =>
        Assert.InRange(replica.Membership.Clock.GetUtcNow() - _replicas.Time.GetUtcNow() - error, TimeSpan.FromSeconds(-2), TimeSpan.FromSeconds(2)));
}
