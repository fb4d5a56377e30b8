using KvStore.Crdt;

namespace KvStore.Client.Tests;

/// <summary>A client of the fake service with one replica.</summary>
internal sealed class Device : IAsyncDisposable
{
    public const string Key = "shared/value";

    private static readonly KvStoreClientOptions Quick = new() { RetryDelay = TimeSpan.FromMilliseconds(1), RetryDelayMax = TimeSpan.FromMilliseconds(4) };

    private readonly HttpClient _http;
    private readonly KvStoreClient _client;

    private Device(FakeConnection connection, FakeStorage storage)
    {
        Connection = connection;
        Storage = storage;
        _http = new HttpClient(connection, disposeHandler: false) { Timeout = Timeout.InfiniteTimeSpan };
        _client = new KvStoreClient(_http, FakeMergeableService.Address, Quick);
    }

    public FakeConnection Connection { get; }

    public FakeStorage Storage { get; }

    public KvMergeableReplica Replica { get; private set; } = null!;

    public static async Task<Device> StartAsync(
        FakeMergeableService service, CrdtType type, FakeStorage? storage = null, bool isCut = false, bool createsOffline = false, FakeConnection? connection = null)
    {
        var device = new Device(connection ?? new FakeConnection(service), storage ?? new FakeStorage());
        if (isCut)
            device.Connection.Cut();
        device.Replica = await KvMergeableReplica.OpenAsync(
            device._client, Key, type, new KvReplicaOptions { Storage = device.Storage, CreatesOffline = createsOffline }, Clients.Token).Within();
        return device;
    }

    public Task SyncAsync() => Replica.SyncAsync(Clients.Token).Within();

    /// <summary>Ends as a process that is killed: nothing is saved or sent any more.</summary>
    public async Task KillAsync()
    {
        Connection.Cut();
        Storage.Die();
        await DisposeAsync();
    }

    public Task StatusAsync(KvReplicaStatus status) => Soon.UntilAsync(() => Replica.Status == status);

    public async ValueTask DisposeAsync()
    {
        await Replica.DisposeAsync();
        _client.Dispose();
        _http.Dispose();
    }
}
