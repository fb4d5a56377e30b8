using Google.Protobuf;
using KvStore.Etcd.Protocol;

namespace KvStore.Etcd.Tests;

/// <summary>Requests as tests write them, and clients with the usual settings.</summary>
internal static class Requests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    // As long as a busy machine may take for a call that succeeds; and tests wait as long for what is never answered.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(6);

    public static EtcdClient Client(params Uri[] endpoints) => Client(new EtcdClientOptions { Endpoints = endpoints });

    /// <summary>A client with these options, but more patience.</summary>
    public static EtcdClient Client(EtcdClientOptions options) =>
        new(options with { CallTimeout = Patience, ConnectTimeout = Patience / 2, ReportTimeout = Patience }, TimeProvider.System);

    public static RangeRequest Range(string key) => new() { Key = ByteString.CopyFromUtf8(key) };

    public static WatchCreateRequest Watch(string key, long start = 0) => new() { Key = ByteString.CopyFromUtf8(key), StartRevision = start };

    public static TxnRequest Put(string key, string value) => new()
    {
        Success = { new RequestOp { RequestPut = new() { Key = ByteString.CopyFromUtf8(key), Value = ByteString.CopyFromUtf8(value) } } },
    };

    /// <summary>A put that succeeds once.</summary>
    public static TxnRequest Create(string key, string value)
    {
        var request = Put(key, value);
        request.Compare.Add(new Compare { Key = ByteString.CopyFromUtf8(key), Target = Compare.Types.CompareTarget.Create, CreateRevision = 0 });
        return request;
    }

    public static async Task<string?> ReadAsync(this IEtcd etcd, string key) => (await etcd.RangeAsync(Range(key), Cancellation)).Kvs.SingleOrDefault()?.Value.ToStringUtf8();

    public static async Task<long> PutAsync(this IEtcd etcd, string key, string value) => (await etcd.TxnAsync(Put(key, value), Cancellation)).Header.Revision;

    /// <summary>Puts until it succeeds, as what is safe to repeat may be repeated.</summary>
    public static async Task PutUntilDoneAsync(this IEtcd etcd, string key, string value)
    {
        await Soon.UntilAsync(async () =>
        {
            try
            {
                await etcd.PutAsync(key, value);
                return true;
            }
            catch (EtcdException)
            {
                return false;
            }
        });
    }

    public static async Task<EtcdException> FailAsync(Task call) => await Assert.ThrowsAsync<EtcdException>(() => call.Within());
}
