using Google.Protobuf;
using KvStore.Etcd.Protocol;

namespace KvStore.Etcd.Tests;

/// <summary>The faults of the etcd of the simulation. What it answers without any, <see cref="DifferentialTests"/> compare with a real one.</summary>
public sealed class FakeEtcdTests : IAsyncDisposable
{
    private readonly FakeEtcdServer _server = new();
    private readonly FakeEtcd _client;

    public FakeEtcdTests() => _client = new FakeEtcd(_server);

    public ValueTask DisposeAsync() => _client.DisposeAsync();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(EtcdFault.NotSent, EtcdFailure.NotSent, false)]
    [InlineData(EtcdFault.Refused, EtcdFailure.Refused, false)]
    [InlineData(EtcdFault.RequestLost, EtcdFailure.Unknown, false)]
    [InlineData(EtcdFault.AnswerLost, EtcdFailure.Unknown, true)]
    [InlineData(EtcdFault.RequestDelayed, EtcdFailure.Unknown, false)]
    public async Task Txn_Fault_IsTruthful(object fault, object failure, bool isExecuted)
    {
        _client.Fault = _ => (EtcdFault)fault;
        var exception = await Assert.ThrowsAsync<EtcdException>(() => _client.TxnAsync(Create("a"), Cancellation));
        Assert.Equal((failure, isExecuted), (exception.Failure, _server.Revision > 1));
    }

    [Fact]
    public async Task RequestDelayed_AfterItsFence_DoesNothing()
    {
        _client.Fault = _ => EtcdFault.RequestDelayed;
        await Assert.ThrowsAsync<EtcdException>(() => _client.TxnAsync(Create("a"), Cancellation));
        _client.Fault = _ => EtcdFault.None;
        Assert.True((await _client.TxnAsync(Create("a"), Cancellation)).Succeeded);
        var fenced = _server.Revision;
        Assert.Equal(1, _server.Delayed);

        _server.ExecuteDelayed(_ => 0);

        Assert.Equal((fenced, 0), (_server.Revision, _server.Delayed));
    }

    [Fact]
    public async Task SentTwice_Create_AnswersThatItExists()
    {
        _client.Fault = _ => EtcdFault.SentTwice;
        Assert.False((await _client.TxnAsync(Create("a"), Cancellation)).Succeeded);
        Assert.Equal(2, _server.Revision);
    }

    [Fact]
    public async Task Full_Puts_AreRefusedAndDeletionsPass()
    {
        _server.Put("a", "");
        _server.IsFull = true;
        var exception = await Assert.ThrowsAsync<EtcdException>(() => _client.TxnAsync(Create("a"), Cancellation));
        Assert.Equal(EtcdFailure.NoSpace, exception.Failure);
        Assert.Equal(3, _server.Delete("a"));
    }

    [Fact]
    public async Task Serializable_LaggingMember_IsStale()
    {
        _server.Put("a", "");
        _server.SerializableLag = () => 1;
        var request = new RangeRequest { Key = ByteString.CopyFromUtf8("a") };
        Assert.Equal(1, (await _client.RangeAsync(request, Cancellation)).Count);
        request.Serializable = true;
        Assert.Equal(0, (await _client.RangeAsync(request, Cancellation)).Count);
    }

    [Fact]
    public async Task Watch_BrokenAndStartedAgain_MissesNothing()
    {
        var broken = false;
        _client.WatchFault = response => response.Events is [{ Kv.ModRevision: 3 }, ..] && !broken ? EtcdWatchFault.Broken : EtcdWatchFault.None;
        await using var watch = Watch(1);
        await watch.MoveNextAsync();
        _server.Put("a", "1");
        _server.Put("a", "2");
        Assert.True(await watch.MoveNextAsync());
        await Assert.ThrowsAsync<EtcdException>(() => watch.MoveNextAsync().AsTask());

        broken = true;
        await using var again = Watch(3);
        await again.MoveNextAsync();
        Assert.True(await again.MoveNextAsync());
        Assert.Equal(3, Assert.Single(again.Current.Events).Kv.ModRevision);
    }

    [Fact]
    public async Task Watch_CutOff_IsSilentAndEndsWhenHealed()
    {
        await using var watch = Watch(0);
        await watch.MoveNextAsync();
        _client.CutOff();
        _server.Put("a", "1");
        var next = watch.MoveNextAsync().AsTask();
        var exception = await Assert.ThrowsAsync<EtcdException>(() => _client.TxnAsync(Create("b"), Cancellation));
        Assert.Equal(EtcdFailure.NotSent, exception.Failure);
        Assert.False(next.IsCompleted);

        _client.Heal();

        Assert.Equal(EtcdFailure.Unknown, (await Assert.ThrowsAsync<EtcdException>(() => next.Within())).Failure);
    }

    [Fact]
    public async Task Suspend_Calls_WaitUntilResumed()
    {
        _client.Suspend();
        var call = _client.TxnAsync(Create("a"), Cancellation);
        Assert.Equal(1, _server.Revision);
        _client.Resume();
        Assert.True((await call.Within()).Succeeded);
    }

    [Fact]
    public async Task Watch_StartCompacted_Fails()
    {
        for (var i = 0; i < 5; i++)
            _server.Put("a", $"{i}");
        _server.Compact(4);
        await using var watch = Watch(3);
        Assert.True(await watch.MoveNextAsync());
        var exception = await Assert.ThrowsAsync<EtcdException>(() => watch.MoveNextAsync().AsTask());
        Assert.Equal(EtcdFailure.Compacted, exception.Failure);
    }

    private IAsyncEnumerator<WatchResponse> Watch(long start) => _client
        .WatchAsync(new WatchCreateRequest { Key = ByteString.CopyFromUtf8("a"), StartRevision = start }, Cancellation)
        .GetAsyncEnumerator(Cancellation);

    private static TxnRequest Create(string key) => new()
    {
        Compare = { new Compare { Key = ByteString.CopyFromUtf8(key), Target = Compare.Types.CompareTarget.Version } },
        Success = { new RequestOp { RequestPut = new PutRequest { Key = ByteString.CopyFromUtf8(key) } } },
    };
}
