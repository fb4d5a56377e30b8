namespace KvStore.SystemTests;

/// <summary>
/// Writes large values through any replica, so that checkpoints are written and records are deleted while the cluster is tested, and so that records need several parts. Disposing
/// ends it.
/// </summary>
internal sealed class Ballast : IAsyncDisposable
{
    private const int Keys = 8;
    private const int ValueBytesMax = 1 << 20;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly CancellationTokenSource _end = new();
    private readonly Task _writing;
    private long _bytes;

    private Ballast(ReplicaCluster cluster, Random random) => _writing = Task.Run(() => WriteAsync(cluster, random));

    /// <summary>The bytes of the writes that were answered as applied.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    public static Ballast Start(ReplicaCluster cluster, Random random) => new(cluster, random);

    public async Task StopAsync()
    {
        await _end.CancelAsync();
        await _writing;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _end.Dispose();
    }

    private async Task WriteAsync(ReplicaCluster cluster, Random random)
    {
        using var client = new ReplicaClient(cluster.Replicas, TimeSpan.FromSeconds(5));
        var value = new string('b', ValueBytesMax);
        while (!_end.IsCancellationRequested)
        {
            // A quarter has the largest size, which does not fit into one value of etcd with its key.
            var size = random.Next(4) == 0 ? ValueBytesMax : random.Next(ValueBytesMax);
            var reply = await client.SendAsync(
                random.Next(client.Replicas), $"PUT /v1/kv/ballast/{random.Next(Keys)} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {size}\r\n\r\n{value[..size]}");
            if (reply.Response is { IsSuccess: true })
                Interlocked.Add(ref _bytes, size);
            await Task.Delay(Pause, TestContext.Current.CancellationToken);
        }
    }
}
