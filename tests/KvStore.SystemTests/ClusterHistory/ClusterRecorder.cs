using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace KvStore.SystemTests;

/// <summary>
/// Clients that call all replicas of a cluster at the same time, and write down what they asked, when, and what was answered. Each sends its next request to any replica. A
/// write that was answered not-applied is no part of the history: if it has an effect after all, no order of the others explains that.
/// </summary>
internal sealed class ClusterRecorder
{
    private const int ClientsMin = 4;
    private const int ClientsMax = 7;
    private const int KeysMax = 4;
    private const int OperationsPerClient = 60;

    // Each of them makes the search for an order longer.
    private const int LostPerClientMax = 2;
    private const int AttemptsMax = 8;

    private static readonly TimeSpan Length = TimeSpan.FromSeconds(1.5);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(30);

    private readonly ReplicaCluster _cluster;
    private readonly string _prefix;
    private readonly HttpCalls _http;
    private readonly Workload _workload;
    private readonly int _keyCount;
    private readonly int _localPercent;
    private readonly int _appendPercent;
    private readonly int _keyedPercent;
    private readonly TimeSpan _patience;
    private readonly Random[] _randoms;
    private readonly ClusterHistory _history = new();
    private readonly long _startedAt = Stopwatch.GetTimestamp();

    private ClusterRecorder(ReplicaCluster cluster, string prefix, Random random)
    {
        (_cluster, _prefix, _http) = (cluster, prefix, new HttpCalls(prefix));
        _keyCount = random.Next(1, KeysMax + 1);
        _workload = new Workload(random, _keyCount);
        _localPercent = random.Next(30);
        _appendPercent = random.Next(15);
        _keyedPercent = random.Next(101);
        _patience = TimeSpan.FromMilliseconds(random.Next(300, 4000));
        _randoms = new Random[random.Next(ClientsMin, ClientsMax + 1)];
        for (var i = 0; i < _randoms.Length; i++)
            _randoms[i] = new Random(random.Next());
    }

    /// <summary>Records one history of a few keys that have no entries yet.</summary>
    /// <param name="cluster">The cluster.</param>
    /// <param name="prefix">What those keys begin with.</param>
    /// <param name="random">Decides what is asked; how the requests meet is up to the machine and the faults.</param>
    /// <returns>The history, and a listing of what was appended.</returns>
    public static async Task<(ClusterHistory History, JsonElement Appended)> RecordAsync(ReplicaCluster cluster, string prefix, Random random)
    {
        var recorder = new ClusterRecorder(cluster, prefix, random);
        await Task.WhenAll(recorder._randoms.Select((own, client) => Task.Run(() => recorder.RunAsync(client, own))));
        return (recorder._history, await recorder.ListAsync(random));
    }

    private async Task RunAsync(int client, Random random)
    {
        var memory = new ClientMemory(client, _keyCount);
        var local = new LocalReads(_prefix, _history, _cluster.Replicas.Count);
        using var connections = new ReplicaClient(_cluster.Replicas, _patience);
        var lost = 0;
        for (var i = 0; i < OperationsPerClient && lost < LostPerClientMax && Stopwatch.GetElapsedTime(_startedAt) < Length; i++)
        {
            if (random.Next(100) < _localPercent)
            {
                await local.ReadAsync(connections, random, random.Next(_keyCount));
                continue;
            }

            var call = random.Next(100) < _appendPercent ? new Append(memory.NextValue()) : _workload.NextCall(random, memory);
            var key = !call.IsRead && random.Next(100) < _keyedPercent ? $"{_prefix}{client}-{i}" : null;
            if (await CallAsync(connections, client, random, memory, call, key) is not { } answer)
                lost += call.IsRead ? 0 : 1;
            else
                local.Know(answer.Revision);
        }
    }

    /// <returns>The answer; null if the outcome is unknown, or there is none.</returns>
    private async Task<Answer?> CallAsync(ReplicaClient connections, int client, Random random, ClientMemory memory, Call call, string? key)
    {
        var request = RequestOf(call, key);
        var invokedAt = Now();
        var isUnknown = false;
        for (var attempt = 0; attempt < (key is null ? 1 : AttemptsMax); attempt++)
        {
            if (attempt > 0)
                await Task.Delay(Pause * attempt, TestContext.Current.CancellationToken);
            var reply = await connections.SendAsync(random.Next(connections.Replicas), request);
            if (!reply.IsSent)
                continue;
            if (reply.Response is not { } response || response.Status == 504)
            {
                isUnknown = true;
                if (reply.Response is not null)
                    _history.AddUnknown();
                continue;
            }

            if (response.Status is 503 or 429)
            {
                if (!call.IsRead && response.Json.GetProperty("outcome").GetString() != "not-applied")
                    _history.AddFault($"{call} was answered {response}");
                if (!call.IsRead)
                    _history.AddRejected(call);
                continue;
            }

            var answer = call is Append ? AppendedAnswer(response) : _http.AnswerOf(call, response);

            // What changed nothing is not recorded under the Idempotency-Key, so that an earlier attempt may still be applied.
            if (isUnknown && !call.HasChanged(answer))
                _history.Add(new Operation(client, call, invokedAt, Operation.Never, null));
            _history.Add(new Operation(client, call, invokedAt, Now(), answer));
            memory.Remember(call, answer);
            if (key is not null && call.HasChanged(answer))
                _history.AddKeyed(request, response);
            if (isUnknown)
                _history.AddRepeated();
            return answer;
        }

        if (isUnknown)
            _history.Add(new Operation(client, call, invokedAt, Operation.Never, null));
        else
            await Task.Delay(Pause, TestContext.Current.CancellationToken);
        return null;
    }

    // The last operation of a history, whatever it takes: it shows what the others left.
    private async Task<JsonElement> ListAsync(Random random)
    {
        using var connections = new ReplicaClient(_cluster.Replicas, _patience);
        var memory = new ClientMemory(_randoms.Length, _keyCount);
        JsonElement? appended = null;
        var started = Stopwatch.GetTimestamp();
        for (var isListed = false; !isListed || appended is null;)
        {
            if (Stopwatch.GetElapsedTime(started) > Soon.Patience)
                throw new TimeoutException($"No replica answered a listing for {Soon.Patience}.\n{_cluster.Transcript}");
            isListed = isListed || await CallAsync(connections, _randoms.Length, random, memory, new List(_keyCount), null) is not null;
            var reply = await connections.SendAsync(random.Next(connections.Replicas), $"GET /v1/kv?prefix=appended-{_prefix}&values=true&limit=1000 HTTP/1.1\r\nHost: localhost\r\n\r\n");
            if (reply.Response is { Status: 200 } response)
                appended = response.Json;
            else
                await Task.Delay(Pause, TestContext.Current.CancellationToken);
        }

        return appended.Value;
    }

    private string RequestOf(Call call, string? key)
    {
        const string Host = "Host: localhost\r\n";
        var request = call is Append append
            ? $"POST /v1/kv/appended-{_prefix} HTTP/1.1\r\n{Host}Content-Type: text/plain\r\nContent-Length: {append.Value.Length}\r\n\r\n{append.Value}"
            : _http.RequestOf(call);
        return key is null ? request : request.Replace(Host, $"{Host}Idempotency-Key: {key}\r\n", StringComparison.Ordinal);
    }

    private static Answer AppendedAnswer(Response response) => response.Status == 201
        ? new Answer(201, response.Revision!.Value) { EntryRevision = long.Parse(response.ETag!.Trim('"'), CultureInfo.InvariantCulture) }
        : throw new InvalidDataException($"An append was answered with {response}");

    private long Now() => (long)Stopwatch.GetElapsedTime(_startedAt).TotalMicroseconds;
}
