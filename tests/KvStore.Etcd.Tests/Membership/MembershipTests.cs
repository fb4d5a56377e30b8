namespace KvStore.Etcd.Tests;

public sealed class MembershipTests : IAsyncDisposable
{
    private readonly FakeEtcdServer _server = new();
    private readonly List<FakeEtcd> _clients = [];
    private readonly List<Membership> _replicas = [];
    private readonly List<MembershipEvent> _events = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        foreach (var replica in _replicas)
            await replica.DisposeAsync();
        foreach (var client in _clients)
            await client.DisposeAsync();
    }

    [Fact]
    public async Task States_AreSeenByAll_AndRanksDiffer()
    {
        var (a, b, c) = (Start("a"), Start("b"), Start("c"));
        await Task.WhenAll(a.Joined, b.Joined, c.Joined).Within();
        await SeenAsync("a=joining b=joining c=joining");
        b.State = ReplicaState.Ready;
        c.State = ReplicaState.Ready;
        await SeenAsync("a=joining b=ready c=ready");
        a.State = ReplicaState.Ready;
        await SeenAsync("a=ready b=ready c=ready");
        Assert.Equal([0, 1, 2], _replicas.Select(replica => replica.Rank));
        b.State = ReplicaState.Draining;
        await SeenAsync("a=ready b=draining c=ready");
        await b.LeaveAsync(Cancellation);
        _replicas.Remove(b);
        await SeenAsync("a=ready c=ready");
        Assert.Equal(1, c.Rank);
    }

    [Fact]
    public async Task Dead_Fails_IsKnownToANewcomer_AndIsForgotten()
    {
        var (a, _) = (Start("a"), Start("b"));
        await SeenAsync("a=joining b=joining");
        _replicas.Remove(a);
        await a.DisposeAsync();
        await SeenAsync("a=failed b=joining");
        Assert.Equal("a", Assert.IsType<MembershipEvent.ReplicaFailed>(Assert.Single(_events)).Replica.Id);

        // It does not listen long enough to find out by itself.
        Start("c", options => options with { SilenceMax = TimeSpan.FromHours(1) });
        await SeenAsync("a=failed b=joining c=joining");
        await SeenAsync("b=joining c=joining");
    }

    [Fact]
    public async Task Forget_AliveOrSpokenAgain_DoesNothing()
    {
        var (a, b) = (Start("a"), Start("b"));
        await SeenAsync("a=joining b=joining");
        var alive = b.Replicas[0];
        Assert.False(await b.ForgetAsync(alive, Cancellation));
        Assert.False(await b.ForgetAsync(alive with { State = ReplicaState.Failed, ModRevision = 1 }, Cancellation));
        _replicas.Remove(a);
        await a.DisposeAsync();
        await SeenAsync("a=failed b=joining");
        Assert.True(await b.ForgetAsync(b.Replicas[0], Cancellation));
        await SeenAsync("b=joining");
    }

    [Fact]
    public async Task RecordOfALiveReplica_IsRemoved_Reappears()
    {
        Start("a", options => options with { Interval = TimeSpan.FromHours(1) });
        Start("b");
        await SeenAsync("a=joining b=joining");
        _server.Delete("kvstore/replica/a");
        await SeenAsync("a=joining b=joining");
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
        var (a, b) = (Start("a"), Start("b"));
        foreach (var client in _clients)
            client.Fault = _ => Interlocked.Increment(ref calls) % 2 == 0 ? (EtcdFault)fault : EtcdFault.None;
        a.State = b.State = ReplicaState.Ready;
        await SeenAsync("a=ready b=ready");
        a.State = ReplicaState.Draining;
        while (_server.Delayed > 0)
            _server.ExecuteDelayed(_ => 0);
        await SeenAsync("a=draining b=ready");
    }

    [Fact]
    public async Task Watches_BreakAreSilentOrCompacted_AreReopened()
    {
        var (a, b) = (Start("a"), Start("b"));
        await SeenAsync("a=joining b=joining");
        foreach (var client in _clients)
            client.BreakWatches();
        a.State = ReplicaState.Ready;
        await SeenAsync("a=ready b=joining");

        _clients[1].WatchFault = _ => EtcdWatchFault.Silent;
        await Soon.UntilAsync(() => !b.IsCurrent);
        _clients[1].WatchFault = _ => EtcdWatchFault.None;
        a.State = ReplicaState.Draining;
        await SeenAsync("a=draining b=joining");

        _server.Compact(_server.Revision);
        _clients[1].BreakWatches();
        a.State = ReplicaState.Ready;
        await SeenAsync("a=ready b=joining");
    }

    [Fact]
    public async Task EtcdAway_IsNotCurrent_AndNobodyFails()
    {
        var (a, b) = (Start("a"), Start("b"));
        await SeenAsync("a=joining b=joining");
        foreach (var client in _clients)
            client.CutOff();
        await Soon.UntilAsync(() => !a.IsCurrent && !b.IsCurrent);
        await Assert.ThrowsAsync<EtcdException>(() => a.ListAsync(Cancellation));
        var start = TimeProvider.System.GetTimestamp();
        await Soon.UntilAsync(() => TimeProvider.System.GetElapsedTime(start) > TimeSpan.FromSeconds(1.5));
        foreach (var client in _clients)
            client.Heal();
        await Soon.UntilAsync(() => a.IsCurrent && b.IsCurrent);
        Assert.Equal(2, (await a.ListAsync(Cancellation)).Length);
        Assert.Empty(_events);
    }

    [Fact]
    public async Task Clocks_OneIsWrong_IsFollowedByNobody_FromTheStartOn()
    {
        var (a, b) = (Start("a"), Start("b"));
        await Task.WhenAll(a.Joined, b.Joined).Within();
        var wrong = Start("c", machine: new MachineTime(TimeProvider.System) { Error = TimeSpan.FromHours(1) });
        await wrong.Joined.Within();
        foreach (var replica in _replicas)
            Assert.InRange(replica.Clock.GetUtcNow() - DateTimeOffset.UtcNow, TimeSpan.FromSeconds(-2), TimeSpan.FromSeconds(2));
        Assert.InRange(Assert.IsType<MembershipEvent.ClockIsOff>(Assert.Single(_events)).Error, TimeSpan.FromMinutes(59), TimeSpan.FromMinutes(61));
    }

    [Fact]
    public async Task Clocks_TheOthersAreBehindTogether_ANewcomerBeginsWhereTheyAre()
    {
        var a = Start("a", machine: new MachineTime(TimeProvider.System) { Error = TimeSpan.FromHours(-1) });
        await a.Joined.Within();
        var b = Start("b");
        await b.Joined.Within();
        var c = Start("c");
        await c.Joined.Within();
        foreach (var replica in _replicas)
            Assert.InRange(replica.Clock.GetUtcNow() - DateTimeOffset.UtcNow, TimeSpan.FromSeconds(-3602), TimeSpan.FromSeconds(-3598));
    }

    private Membership Start(string id, Func<MembershipOptions, MembershipOptions>? change = null, TimeProvider? machine = null)
    {
        var options = new MembershipOptions
        {
            Id = id,
            Prefix = "kvstore/",
            Name = () => id,
            Url = () => "http://" + id,
            Version = "1",
            Interval = TimeSpan.FromMilliseconds(50),
            SilenceMax = TimeSpan.FromSeconds(1),
            ForgottenAfter = TimeSpan.FromSeconds(3),
            Tick = TimeSpan.FromMilliseconds(20),
        };
        var client = new FakeEtcd(_server);
        var replica = new Membership(client, change?.Invoke(options) ?? options, () => 0, new ClusterClock(machine ?? TimeProvider.System), Report);
        _clients.Add(client);
        _replicas.Add(replica);
        replica.Start();
        return replica;
    }

    private void Report(MembershipEvent report)
    {
        lock (_events)
            _events.Add(report);
    }

    /// <summary>Waits until every replica sees the same.</summary>
    private Task SeenAsync(string states) => Soon.UntilAsync(() => _replicas.TrueForAll(replica => replica.IsCurrent && states ==
        string.Join(' ', replica.Replicas.Select(other => $"{other.Record.Id}={other.State}".ToLowerInvariant()))));
}
