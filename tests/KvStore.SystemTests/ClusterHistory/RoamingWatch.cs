using System.Net;

namespace KvStore.SystemTests;

/// <summary>
/// A watch of everything that is appended, which is resumed on another replica now and then, and whenever its replica fails: with the id of its last event, as a browser does.
/// Disposing ends it.
/// </summary>
internal sealed class RoamingWatch : IAsyncDisposable
{
    private const int ChangesPerReplicaMax = 60;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly ReplicaCluster _cluster;
    private readonly string _prefix;
    private readonly Random _random;
    private readonly CancellationTokenSource _end = new();
    private readonly List<(string Key, long Revision)> _changes = [];
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _watching;

    private RoamingWatch(ReplicaCluster cluster, string prefix, Random random)
    {
        (_cluster, _prefix, _random) = (cluster, prefix, random);
        _watching = Task.Run(WatchAsync);
    }

    /// <summary>How often it was resumed.</summary>
    public int Resumed { get; private set; }

    private string LastKey => _prefix + "end";

    /// <summary>Starts to watch a prefix below which nothing is changed twice and nothing is deleted.</summary>
    public static RoamingWatch Start(ReplicaCluster cluster, string prefix, Random random) => new(cluster, prefix, random);

    /// <summary>Writes one entry more, waits until it is seen, and asserts that every entry was seen once and in order.</summary>
    public async Task AssertCompleteAsync()
    {
        using var client = new ReplicaClient(_cluster.Replicas, TimeSpan.FromSeconds(10));
        var last = await client.ExpectAsync(0, 201, "PUT", $"/v1/kv/{LastKey}", "value");
        await await Task.WhenAny(_ended.Task, _watching).Within();
        var stored = (await ReplicaComparison.ListAsync(_cluster.Replicas[0], _prefix, last.Revision!.Value))
            .Select(item => System.Text.Json.JsonDocument.Parse(item).RootElement)
            .Select(item => (item.GetProperty("key").GetString()!, item.GetProperty("revision").GetInt64()));
        Assert.Equal(stored.OrderBy(entry => entry.Item2).ThenBy(entry => entry.Item1, StringComparer.Ordinal), _changes);
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _end.Dispose();
    }

    private async Task WatchAsync()
    {
        var position = (string?)null;
        while (!_ended.Task.IsCompleted && !_end.IsCancellationRequested)
        {
            try
            {
                using var stream = await EventStream.OpenAsync(
                    _cluster.Replicas[_random.Next(_cluster.Replicas.Count)].Address, $"?prefix={_prefix}&values=false" + (position is null ? "&after=0" : ""), position);
                if (stream.Status == HttpStatusCode.OK)
                    position = await ReadAsync(stream, position);
                else if (stream.Status != HttpStatusCode.ServiceUnavailable)
                    throw new InvalidDataException($"A watch after {position} was answered {stream.Status}.");
                Resumed++;
            }
            catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException)
            {
                // The replica is away, or was killed.
            }

            await Task.Delay(Pause, TestContext.Current.CancellationToken);
        }
    }

    /// <returns>The position of the last event.</returns>
    private async Task<string?> ReadAsync(EventStream stream, string? position)
    {
        try
        {
            for (var changes = _random.Next(1, ChangesPerReplicaMax); changes > 0 && !_end.IsCancellationRequested;)
            {
                if (await stream.NextOrEndAsync() is not { } next)
                    return position;
                if (next.Name is "gone" or "revoked")
                    throw new InvalidDataException($"A watch after {position} ended with {next}.");
                position = next.Id ?? position;
                if (next.Name != "change")
                    continue;
                foreach (var change in next.Json.GetProperty("changes").EnumerateArray())
                    _changes.Add((change.GetProperty("key").GetString()!, change.GetProperty("revision").GetInt64()));
                if (_changes[^1].Key == LastKey)
                    _ended.TrySetResult();
                changes--;
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            // Resumed after the last event that came whole.
        }

        return position;
    }
}
