using Google.Protobuf;
using Grpc.Core;
using KvStore.Etcd.Protocol;

namespace KvStore.Etcd.Tests;

/// <summary>What becomes of each answer, and that each call arrives once.</summary>
public sealed class ScriptedTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(StatusCode.Unavailable, "etcdserver: no leader", nameof(EtcdFailure.Refused))]
    [InlineData(StatusCode.ResourceExhausted, "etcdserver: too many requests", nameof(EtcdFailure.Refused))]
    [InlineData(StatusCode.FailedPrecondition, "etcdserver: not capable", nameof(EtcdFailure.Refused))]
    [InlineData(StatusCode.FailedPrecondition, "etcdserver: rpc not supported for learner", nameof(EtcdFailure.Refused))]
    [InlineData(StatusCode.DataLoss, "etcdserver: corrupt cluster", nameof(EtcdFailure.Refused))]
    [InlineData(StatusCode.InvalidArgument, "etcdserver: key is not provided", nameof(EtcdFailure.Refused))]
    [InlineData(StatusCode.InvalidArgument, "etcdserver: duplicate key given in txn request", nameof(EtcdFailure.Refused))]
    [InlineData(StatusCode.OutOfRange, "etcdserver: mvcc: required revision is a future revision", nameof(EtcdFailure.Refused))]
    [InlineData(StatusCode.Unknown, "raft proposal dropped", nameof(EtcdFailure.Refused))]
    [InlineData(StatusCode.Unauthenticated, "etcdserver: invalid auth token", nameof(EtcdFailure.Refused))]
    [InlineData(StatusCode.InvalidArgument, "etcdserver: revision of auth store is old", nameof(EtcdFailure.Refused))]
    [InlineData(StatusCode.Unimplemented, "unknown service etcdserverpb.KV", nameof(EtcdFailure.Refused))]
    [InlineData(StatusCode.InvalidArgument, "etcdserver: user name is empty", nameof(EtcdFailure.NotPermitted))]
    [InlineData(StatusCode.FailedPrecondition, "etcdserver: user name not found", nameof(EtcdFailure.NotPermitted))]
    [InlineData(StatusCode.InvalidArgument, "etcdserver: authentication failed, invalid user ID or password", nameof(EtcdFailure.NotPermitted))]
    [InlineData(StatusCode.PermissionDenied, "etcdserver: permission denied", nameof(EtcdFailure.NotPermitted))]
    [InlineData(StatusCode.ResourceExhausted, "etcdserver: mvcc: database space exceeded", nameof(EtcdFailure.NoSpace))]
    [InlineData(StatusCode.InvalidArgument, "etcdserver: request is too large", nameof(EtcdFailure.TooLarge))]
    [InlineData(StatusCode.InvalidArgument, "etcdserver: too many operations in txn request", nameof(EtcdFailure.TooLarge))]
    [InlineData(StatusCode.ResourceExhausted, "grpc: received message larger than max (4000033 vs. 2097152)", nameof(EtcdFailure.TooLarge))]
    [InlineData(StatusCode.OutOfRange, "etcdserver: mvcc: required revision has been compacted", nameof(EtcdFailure.Compacted))]
    [InlineData(StatusCode.Unavailable, "etcdserver: leader changed", nameof(EtcdFailure.Unknown))]
    [InlineData(StatusCode.Unavailable, "etcdserver: request timed out", nameof(EtcdFailure.Unknown))]
    [InlineData(StatusCode.Unavailable, "etcdserver: request timed out, possibly due to previous leader failure", nameof(EtcdFailure.Unknown))]
    [InlineData(StatusCode.Unavailable, "etcdserver: request timed out, possibly due to connection lost", nameof(EtcdFailure.Unknown))]
    [InlineData(StatusCode.Unavailable, "etcdserver: request timed out, waiting for the applied index took too long", nameof(EtcdFailure.Unknown))]
    [InlineData(StatusCode.Unavailable, "etcdserver: server stopped", nameof(EtcdFailure.Unknown))]
    [InlineData(StatusCode.Cancelled, "etcdserver: request canceled", nameof(EtcdFailure.Unknown))]
    [InlineData(StatusCode.DeadlineExceeded, "context deadline exceeded", nameof(EtcdFailure.Unknown))]
    [InlineData(StatusCode.ResourceExhausted, "grpc: trying to send message larger than max (5 vs. 4)", nameof(EtcdFailure.Unknown))]
    [InlineData(StatusCode.PermissionDenied, "a proxy says no", nameof(EtcdFailure.Unknown))]
    [InlineData(StatusCode.Unavailable, "transport is closing", nameof(EtcdFailure.Unknown))]
    [InlineData(StatusCode.Internal, "panic", nameof(EtcdFailure.Unknown))]
    public async Task Txn_Status_IsItsFailureAndArrivesOnce(StatusCode code, string text, string expected)
    {
        await using var etcd = await ScriptedEtcd.StartAsync();
        etcd.Script = call => call.Method == "KV/Txn" ? throw new RpcException(new(code, text)) : Task.FromResult<IMessage?>(null);
        await using var client = Requests.Client(etcd.Endpoint);

        var failure = await Requests.FailAsync(client.PutAsync("key", "1"));

        Assert.Equal(expected, $"{failure.Failure}");
        Assert.Contains(etcd.Endpoint.Authority, failure.Message, StringComparison.Ordinal);
        Assert.Equal(1, etcd.Arrived("KV/Txn"));
    }

    [Fact]
    public async Task Txn_AnsweredTooLate_IsUnknownAndTheNextGoesElsewhere()
    {
        await using var slow = await ScriptedEtcd.StartAsync();
        await using var other = await ScriptedEtcd.StartAsync();
        slow.Script = async call =>
        {
            if (call.Method == "KV/Txn")
                await call.Forever;
            return null;
        };
        await using var client = Requests.Client(slow.Endpoint, other.Endpoint);
        await client.ReadAsync("key");

        var failure = await Requests.FailAsync(client.PutAsync("key", "1"));
        Assert.Equal(EtcdFailure.Unknown, failure.Failure);
        Assert.Contains(slow.Endpoint.Authority, failure.Message, StringComparison.Ordinal);
        Assert.Equal((1, 0), (slow.Arrived("KV/Txn"), other.Arrived("KV/Txn")));

        await client.PutAsync("key", "2");
        await client.PutAsync("key", "3");
        Assert.Equal((1, 2), (slow.Arrived("KV/Txn"), other.Arrived("KV/Txn")));
    }

    [Fact]
    public async Task Txn_NothingSent_GoesToAnotherMember()
    {
        await using var etcd = await ScriptedEtcd.StartAsync();
        await using var client = Requests.Client(Closed(), etcd.Endpoint);

        await client.PutAsync("key", "1");

        Assert.Equal(1, etcd.Arrived("KV/Txn"));
    }

    [Fact]
    public async Task Txn_NoMemberReachable_IsNotSent()
    {
        var endpoint = Closed();
        await using var client = Requests.Client(endpoint);

        var failure = await Requests.FailAsync(client.PutAsync("key", "1"));

        Assert.Equal(EtcdFailure.NotSent, failure.Failure);
        Assert.Contains($"{endpoint.Authority} cannot be reached: Connection refused", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Report_NoMemberReachable_IsNotSent()
    {
        await using var client = Requests.Client(Closed(), Closed());

        var failure = await Assert.ThrowsAsync<EtcdException>(() => client.ReportAsync(TestContext.Current.CancellationToken));

        Assert.Equal(EtcdFailure.NotSent, failure.Failure);
    }

    [Fact]
    public async Task Txn_Canceled_IsThatException()
    {
        await using var etcd = await ScriptedEtcd.StartAsync();
        using var cancellation = new CancellationTokenSource();
        etcd.Script = async call =>
        {
            if (call.Method == "KV/Txn")
            {
                await cancellation.CancelAsync();
                await call.Forever;
            }

            return null;
        };
        await using var client = Requests.Client(etcd.Endpoint);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.TxnAsync(Requests.Put("key", "1"), cancellation.Token).Within());
        Assert.Equal(1, etcd.Arrived("KV/Txn"));
    }

    [Theory]
    [InlineData("3.4.41", false)]
    [InlineData("3.4.42", true)]
    [InlineData("3.5.27", false)]
    [InlineData("3.5.28", true)]
    [InlineData("3.6.8", false)]
    [InlineData("3.6.9", true)]
    [InlineData("3.6.9-rc.0", false)]
    [InlineData("3.7.0", true)]
    [InlineData("4.0.0", true)]
    [InlineData("3.3.99", false)]
    public async Task IsReadSafe_Version_IsThatOfItsDefect(string version, bool isSafe)
    {
        await using var etcd = await ScriptedEtcd.StartAsync();
        etcd.Version = version;
        await using var client = Requests.Client(etcd.Endpoint);
        Assert.False(client.IsReadSafe);

        await client.ReportAsync(Cancellation);

        Assert.Equal(isSafe, client.IsReadSafe);
    }

    [Fact]
    public async Task Version_AfterTheFirstCall_BecomesKnown()
    {
        await using var etcd = await ScriptedEtcd.StartAsync();
        await using var client = Requests.Client(etcd.Endpoint);
        Assert.Null(client.Version);

        await client.ReadAsync("key");

        await Soon.UntilAsync(() => client.Version == new Version(3, 4, 23));
    }

    [Fact]
    public async Task Report_Alarm_IsNamed()
    {
        await using var etcd = await ScriptedEtcd.StartAsync();
        etcd.Script = call => Task.FromResult<IMessage?>(call.Method == "Maintenance/Status"
            ? new StatusResponse { Header = new() { MemberId = 2 }, Version = "3.4.23", Errors = { "etcdserver: no leader", "memberID:2 alarm:NOSPACE " } }
            : null);
        await using var client = Requests.Client(etcd.Endpoint, Closed());

        Assert.Equal(["NOSPACE"], (await client.ReportAsync(Cancellation)).Alarms);
    }

    // Bound and free again: the system does not give it to another soon.
    private static Uri Closed()
    {
        using var socket = new System.Net.Sockets.Socket(System.Net.Sockets.AddressFamily.InterNetwork, System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp);
        socket.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Parse("127.0.0.9"), 0));
        return new($"http://{socket.LocalEndPoint}");
    }
}
