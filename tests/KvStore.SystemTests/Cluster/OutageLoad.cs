using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace KvStore.SystemTests;

/// <summary>
/// Clients of one replica while etcd is away: one writes with an Idempotency-Key and repeats a write until it is answered, one writes without, one reads locally, one reads
/// the latest state, and one watches. Each write has a key of its own, so that it can be seen afterwards whether it was applied.
/// </summary>
internal sealed class OutageLoad : IDisposable
{
    public const string Prefix = "outage/";

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    private readonly Replica _replica;
    private readonly CancellationTokenSource _end = new();
    private readonly ConcurrentDictionary<string, long?> _applied = [];
    private readonly ConcurrentDictionary<string, bool> _rejected = [];
    private readonly ConcurrentDictionary<string, bool> _unknown = [];
    private readonly Task _requests;
    private readonly EventStream _watch;
    private readonly Task<List<(string Key, long Revision)>> _watched;
    private int _localReads;
    private int _unread;

    private OutageLoad(Replica replica, EventStream watch)
    {
        (_replica, _watch) = (replica, watch);
        _watched = Task.Run(WatchAsync);
        _requests = Task.WhenAll(Task.Run(() => WriteAsync("keyed")), Task.Run(() => WriteAsync("plain")), Task.Run(ReadLocallyAsync), Task.Run(ReadAsync));
    }

    /// <summary>The longest time that a local read took.</summary>
    public TimeSpan LongestLocalRead { get; private set; }

    /// <summary>The age of the state that the last local read had.</summary>
    public TimeSpan StateAge { get; private set; }

    /// <summary>How many writes have been answered as applied.</summary>
    public int Applied => _applied.Count;

    public string Summary =>
        $"{_replica.Name}: {_applied.Count} writes applied, {_rejected.Count} rejected, {_unknown.Count} unknown; {_localReads} local reads, the longest took {LongestLocalRead.TotalMilliseconds:F0} ms; {_unread} other reads rejected";

    /// <summary>Starts a load on each replica. Every watch is open before the first write: one that opens later would not send that write.</summary>
    public static async Task<OutageLoad[]> StartAsync(IReadOnlyList<Replica> replicas)
    {
        var watches = await Task.WhenAll(replicas.Select(replica => EventStream.OpenAsync(replica.Address, $"?prefix={Prefix}&values=false")));
        return [.. replicas.Zip(watches, (replica, watch) => new OutageLoad(replica, watch))];
    }

    /// <summary>Ends the requests; throws if one was answered as it must not be.</summary>
    public async Task EndAsync()
    {
        await _end.CancelAsync();
        await _requests;
    }

    /// <summary>Asserts that the outcomes were true, and that the watch sent each change once.</summary>
    /// <param name="entries">Everything below the prefix, with the entry that was written last.</param>
    public async Task AssertTrueAsync(IReadOnlyList<JsonElement> entries)
    {
        var stored = entries.ToDictionary(entry => entry.GetProperty("key").GetString()!, entry => entry.GetProperty("revision").GetInt64());
        foreach (var (key, revision) in _applied)
            Assert.True(stored.TryGetValue(key, out var at) && at == revision, $"{key} was written at {revision}, and is at {at}.");

        // A rejected attempt says nothing of those before it.
        Assert.DoesNotContain(_rejected.Keys, key => stored.ContainsKey(key) && !_applied.ContainsKey(key) && !_unknown.ContainsKey(key));

        // The same, whatever else came in between: the watch stayed open.
        Assert.Equal(stored.OrderBy(entry => entry.Value).Select(entry => (entry.Key, entry.Value)), await _watched.Within());
    }

    public void Dispose()
    {
        _watch.Dispose();
        _end.Dispose();
    }

    private async Task WriteAsync(string kind)
    {
        using var client = new ReplicaClient([_replica], TimeSpan.FromSeconds(20));
        for (var number = 0; !_end.IsCancellationRequested; number++)
        {
            var key = $"{Prefix}{_replica.Name.Replace(' ', '-')}/{kind}/{number}";
            var keyed = kind == "keyed" ? $"Idempotency-Key: {key}\r\n" : "";
            do
            {
                var reply = await client.SendAsync(0, $"PUT /v1/kv/{key} HTTP/1.1\r\nHost: localhost\r\n{keyed}Content-Length: 1\r\n\r\nx");
                Take(key, reply.Response ?? throw new IOException($"{key} was not answered."));
                await Task.Delay(Pause, TestContext.Current.CancellationToken);
            }
            while (keyed.Length > 0 && !_applied.ContainsKey(key) && !_end.IsCancellationRequested);
        }
    }

    private void Take(string key, Response response)
    {
        if (response.Status is 201)
            _applied[key] = response.Revision;
        else if (response.Status is 503 or 429 && response.Json.GetProperty("outcome").GetString() == "not-applied")
            _rejected[key] = true;
        else if (response.Status is 504 && response.Json.GetProperty("outcome").GetString() == "unknown")
            _unknown[key] = true;
        else
            throw new InvalidDataException($"{key} was answered {response}");
    }

    private async Task ReadLocallyAsync()
    {
        using var client = new ReplicaClient([_replica], TimeSpan.FromSeconds(20));
        while (!_end.IsCancellationRequested)
        {
            var started = Stopwatch.GetTimestamp();
            var response = (await client.SendAsync(0, $"GET /v1/kv?prefix={Prefix}&count_only=true&consistency=local HTTP/1.1\r\nHost: localhost\r\n\r\n")).Response;
            if (response is not { Status: 200 })
                throw new InvalidDataException($"A local read was answered {response}");
            LongestLocalRead = TimeSpan.FromTicks(Math.Max(LongestLocalRead.Ticks, Stopwatch.GetElapsedTime(started).Ticks));
            StateAge = TimeSpan.FromSeconds(double.Parse(response.Header("KvStore-State-Age")!, CultureInfo.InvariantCulture));
            _localReads++;
            await Task.Delay(Pause, TestContext.Current.CancellationToken);
        }
    }

    private async Task ReadAsync()
    {
        using var client = new ReplicaClient([_replica], TimeSpan.FromSeconds(20));
        while (!_end.IsCancellationRequested)
        {
            var response = (await client.SendAsync(0, $"GET /v1/kv?prefix={Prefix}&count_only=true HTTP/1.1\r\nHost: localhost\r\n\r\n")).Response;
            if (response is not { Status: 200 or 503 })
                throw new InvalidDataException($"A read was answered {response}");
            _unread += response.Status == 503 ? 1 : 0;
            await Task.Delay(Pause, TestContext.Current.CancellationToken);
        }
    }

    // Until the entry that ends the test.
    private async Task<List<(string Key, long Revision)>> WatchAsync()
    {
        var changes = new List<(string Key, long Revision)>();
        while (changes is not [.., (Prefix + "end", _)])
        {
            var next = await _watch.NextOrEndAsync() ?? throw new IOException($"The watch ended after {changes.Count} changes.");
            if (next.Name == "change")
                changes.AddRange(next.Json.GetProperty("changes").EnumerateArray().Select(change => (change.GetProperty("key").GetString()!, change.GetProperty("revision").GetInt64())));
            else if (next.Name is not ("" or "bookmark"))
                throw new InvalidDataException($"The watch sent {next}");
        }

        return changes;
    }
}
