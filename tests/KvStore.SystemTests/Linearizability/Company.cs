
namespace KvStore.SystemTests;

/// <summary>The load beside a history: writes of other keys, which no client reads, and a watch of the history's keys.</summary>
internal sealed class Company : IAsyncDisposable
{
    private readonly RawConnection _watch;
    private readonly CancellationTokenSource _end = new();
    private readonly Task[] _writing;

    private Company(Uri address, RawConnection watch, string prefix, int writers)
    {
        _watch = watch;
        _writing = [.. Enumerable.Range(0, writers).Select(writer => Task.Run(() => WriteAsync(address, $"beside-{prefix}{writer}")))];
    }

    /// <param name="address">Where the service is.</param>
    /// <param name="prefix">What the history's keys begin with.</param>
    /// <param name="writers">How many write at the same time.</param>
    public static async Task<Company> StartAsync(Uri address, string prefix, int writers)
    {
        var watch = await RawConnection.ConnectAsync(address);
        await watch.SendAsync($"GET /v1/watch?prefix={prefix}&values=false HTTP/1.1\r\nHost: localhost\r\n\r\n");
        return new Company(address, watch, prefix, writers);
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await Task.WhenAll(_writing);
        _watch.Dispose();
        _end.Dispose();
    }

    private async Task WriteAsync(Uri address, string key)
    {
        using var connection = await RawConnection.ConnectAsync(address);
        while (!_end.IsCancellationRequested)
            await connection.PutAsync(key, "beside");
    }
}
