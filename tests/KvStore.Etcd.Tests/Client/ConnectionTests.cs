using Google.Protobuf;
using KvStore.Etcd.Protocol;

namespace KvStore.Etcd.Tests;

/// <summary>Connections that break below gRPC: the outcome is unknown, and no layer sends the request again.</summary>
public sealed class ConnectionTests
{
    private const int RefusedStream = 7;
    private const int InternalError = 2;

    private static readonly byte[] Key = "the-key-that-is-put"u8.ToArray();

    [Fact]
    public Task Txn_GoAwayBelowItsStream_IsUnknown() => AssertUnknownAsync((connection, stream) => connection.GoAwayAsync(Math.Max(0, stream - 2)));

    [Fact]
    public Task Txn_GoAwayAndClosed_IsUnknown() => AssertUnknownAsync(async (connection, stream) =>
    {
        await connection.GoAwayAsync(0);
        connection.Close();
    });

    [Fact]
    public Task Txn_StreamRefused_IsUnknown() => AssertUnknownAsync((connection, stream) => connection.ResetAsync(stream, RefusedStream));

    [Fact]
    public Task Txn_StreamReset_IsUnknown() => AssertUnknownAsync((connection, stream) => connection.ResetAsync(stream, InternalError));

    [Fact]
    public Task Txn_TrailersLost_IsUnknown() => AssertUnknownAsync(async (connection, stream) =>
    {
        await connection.HeadersAsync(stream);
        await connection.DataWithoutTrailersAsync(stream, new TxnResponse { Header = new() { Revision = 1 }, Succeeded = true }.ToByteArray());
    });

    [Fact]
    public Task Txn_ClosedAfterTheHeaders_IsUnknown() => AssertUnknownAsync(async (connection, stream) =>
    {
        await connection.HeadersAsync(stream);
        connection.Close();
    });

    [Fact]
    public Task Txn_ClosedWithoutAnAnswer_IsUnknown() => AssertUnknownAsync((connection, _) =>
    {
        connection.Close();
        return Task.CompletedTask;
    });

    [Fact]
    public Task Txn_NoAnswer_IsUnknown() => AssertUnknownAsync((_, _) => Task.CompletedTask);

    private static async Task AssertUnknownAsync(Func<RawHttp2Server.Connection, int, Task> reply)
    {
        await using var etcd = new RawHttp2Server(Key, reply);
        await using var other = await ScriptedEtcd.StartAsync();
        await using (var client = Requests.Client(etcd.Endpoint, other.Endpoint))
        {
            var failure = await Requests.FailAsync(client.PutAsync(System.Text.Encoding.UTF8.GetString(Key), "1"));

            TestContext.Current.TestOutputHelper!.WriteLine(failure.Message);
            Assert.Equal(EtcdFailure.Unknown, failure.Failure);
            Assert.Contains(etcd.Endpoint.Authority, failure.Message, StringComparison.Ordinal);
            await client.PutAsync("another", "2");
        }

        Assert.Equal((1, 1), (etcd.Arrived, other.Arrived("KV/Txn")));
    }
}
