using KvStore.Crdt;

namespace KvStore.Client.Tests;

/// <summary>Replicas in files.</summary>
public sealed class ReplicaFileTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly FakeMergeableService _service = new();
    private readonly HttpClient _http;
    private readonly KvStoreClient _client;

    public ReplicaFileTests()
    {
        _http = new HttpClient(new FakeConnection(_service)) { Timeout = Timeout.InfiniteTimeSpan };
        _client = new KvStoreClient(_http, FakeMergeableService.Address);
    }

    public void Dispose()
    {
        _client.Dispose();
        _http.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public async Task Reopen_SamePath_HasTheReplica()
    {
        var path = _directory.New();
        ReplicaId id;
        using (var file = new KvReplicaFile(path))
        {
            await using var replica = await OpenAsync(file);
            replica.Insert(0, "text");
            id = replica.Id;
        }

        using var again = new KvReplicaFile(path);
        await using var reopened = await OpenAsync(again);
        Assert.Equal(("text", id), (reopened.Text, reopened.Id));
    }

    [Fact]
    public async Task Open_FileThatIsOpen_Fails()
    {
        var path = _directory.New();
        using (var file = new KvReplicaFile(path))
            Assert.Throws<IOException>(() => new KvReplicaFile(path));
        using var again = new KvReplicaFile(path);
        Assert.Null(await again.LoadAsync(Clients.Token));
    }

    [Fact]
    public async Task Open_CopyOfAFile_TakesANewId()
    {
        var (path, copy) = (_directory.New(), _directory.New());
        using var file = new KvReplicaFile(path);
        await using var replica = await OpenAsync(file);
        replica.Insert(0, "text");
        await replica.SaveAsync(Clients.Token);
        Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
        File.Copy(path, copy);
        using var other = new KvReplicaFile(copy);
        await using var copied = await OpenAsync(other);
        Assert.Equal("text", copied.Text);
        Assert.NotEqual(replica.Id, copied.Id);
    }

    [Fact]
    public async Task Open_DamagedOrForeignFile_SaysSo()
    {
        var path = _directory.New();
        using (var file = new KvReplicaFile(path))
            await (await OpenAsync(file)).DisposeAsync();

        var bytes = await File.ReadAllBytesAsync(path, Clients.Token);
        using var again = new KvReplicaFile(path);
        await Assert.ThrowsAsync<InvalidDataException>(() => KvMergeableReplica.OpenAsync(_client, "other", CrdtType.Text, new KvReplicaOptions { Storage = again }, Clients.Token));
        await Assert.ThrowsAsync<InvalidDataException>(() => KvMergeableReplica.OpenAsync(_client, Device.Key, CrdtType.ORSet, new KvReplicaOptions { Storage = again }, Clients.Token));
        for (var i = 0; i < bytes.Length; i++)
        {
            var damaged = bytes.ToArray();
            damaged[i] ^= 0x10;
            await File.WriteAllBytesAsync(path, damaged, Clients.Token);
            await Assert.ThrowsAsync<InvalidDataException>(() => OpenAsync(again));
        }

        for (var length = 0; length < bytes.Length; length += 7)
        {
            await File.WriteAllBytesAsync(path, bytes[..length], Clients.Token);
            await Assert.ThrowsAsync<InvalidDataException>(() => OpenAsync(again));
        }
    }

    [Fact]
    public async Task File_OfAPerson_IsTheirsAlone()
    {
        if (OperatingSystem.IsWindows())
            return;
        var path = _directory.New();
        using var file = new KvReplicaFile(path);
        await file.SaveAsync(new byte[] { 1 }, Clients.Token);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
    }

    private Task<KvMergeableReplica> OpenAsync(KvReplicaFile file) =>
        KvMergeableReplica.OpenAsync(_client, Device.Key, CrdtType.Text, new KvReplicaOptions { Storage = file }, Clients.Token);
}
