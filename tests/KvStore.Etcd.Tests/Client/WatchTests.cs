using Grpc.Core;
using KvStore.Etcd.Protocol;

namespace KvStore.Etcd.Tests;

/// <summary>How a watch opens and ends.</summary>
public sealed class WatchTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(7L, "", nameof(EtcdFailure.Compacted))]
    [InlineData(0L, "etcdserver: mvcc: required revision has been compacted", nameof(EtcdFailure.Compacted))]
    [InlineData(0L, "rpc error: code = PermissionDenied desc = etcdserver: permission denied", nameof(EtcdFailure.NotPermitted))]
    [InlineData(0L, "rpc error: code = Unauthenticated desc = etcdserver: invalid auth token", nameof(EtcdFailure.Refused))]
    [InlineData(0L, "", nameof(EtcdFailure.Unknown))]
    public async Task Watch_CanceledByTheMember_IsItsFailure(long compactRevision, string reason, string expected)
    {
        var failure = await EndOfAsync(call => call.SendAsync(new WatchResponse { Canceled = true, CompactRevision = compactRevision, CancelReason = reason }));

        Assert.Equal(expected, $"{failure.Failure}");
    }

    [Fact]
    public async Task Watch_StreamEnds_IsUnknown() => Assert.Equal(EtcdFailure.Unknown, (await EndOfAsync(_ => Task.CompletedTask)).Failure);

    [Fact]
    public async Task Watch_NoLeader_IsRefused() =>
        Assert.Equal(EtcdFailure.Refused, (await EndOfAsync(_ => throw new RpcException(new(StatusCode.Unavailable, "etcdserver: no leader")))).Failure);

    [Fact]
    public async Task Watch_NotCreatedInTime_IsUnknown()
    {
        await using var etcd = await ScriptedEtcd.StartAsync();
        etcd.Script = async call =>
        {
            if (call.Method == "Watch/Watch")
                await call.Forever;
            return null;
        };
        await using var client = Requests.Client(etcd.Endpoint);
        await client.ReadAsync("key");
        await using var watch = client.WatchAsync(Requests.Watch("key"), Cancellation).GetAsyncEnumerator(Cancellation);

        var failure = await Requests.FailAsync(watch.MoveNextAsync().AsTask());

        Assert.Equal(EtcdFailure.Unknown, failure.Failure);
        Assert.Contains("did not open a watch in time", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Watch_ReaderStops_SoDoesTheMember()
    {
        const int Responses = 64;
        await using var etcd = await ScriptedEtcd.StartAsync();
        var sent = 0;
        etcd.Script = async call =>
        {
            if (call.Method != "Watch/Watch")
                return null;
            Assert.Equal("true", call.HasLeader);
            for (; sent < Responses; sent++)
                await call.SendAsync(new WatchResponse { Created = sent == 0, CancelReason = new('x', 1 << 20) });
            return new WatchResponse { Canceled = true };
        };
        await using var client = Requests.Client(etcd.Endpoint);
        await using var watch = client.WatchAsync(Requests.Watch("key"), Cancellation).GetAsyncEnumerator(Cancellation);
        Assert.True(await watch.MoveNextAsync().AsTask().Within());

        // The member has time to send, and other calls pass by the stream that waits.
        for (var i = 0; i < 1_000; i++)
            await client.ReadAsync("key");
        Assert.InRange(sent, 1, Responses / 2);

        for (var received = 1; received < Responses; received++)
            Assert.True(await watch.MoveNextAsync().AsTask().Within());
        await Requests.FailAsync(watch.MoveNextAsync().AsTask());
    }

    private static async Task<EtcdException> EndOfAsync(Func<ScriptedEtcd.Call, Task> end)
    {
        await using var etcd = await ScriptedEtcd.StartAsync();
        etcd.Script = async call =>
        {
            if (call.Method != "Watch/Watch")
                return null;
            await call.SendAsync(new WatchResponse { Created = true });
            await end(call);
            return new WatchResponse();
        };
        await using var client = Requests.Client(etcd.Endpoint);
        await using var watch = client.WatchAsync(Requests.Watch("key"), Cancellation).GetAsyncEnumerator(Cancellation);
        Assert.True(await watch.MoveNextAsync().AsTask().Within());
        return await Requests.FailAsync(Task.Run(async () =>
        {
            // Only the stream that ends without a reason has another response, which says nothing.
            while (await watch.MoveNextAsync())
                Assert.Empty(watch.Current.Events);
        }, Cancellation));
    }
}
