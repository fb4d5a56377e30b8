using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace KvStore.SurfaceLimit;

/// <summary>
/// Pairs of connections: one waits for the change of a key, the other makes it once the wait has been sent; then the next. What is measured is the time from
/// sending the change to having its news, and how many changes there are in all.
/// </summary>
internal sealed class PollLoad(string contender, int port, Stopwatch clock, TimeSpan duration)
{
    private const string Value = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";

    private readonly List<double> _times = [];

    /// <summary>Runs the load, and returns what wrk's scripts print: RESULT, changes, seconds, errors (twice), p50 and p99 in microseconds.</summary>
    public static async Task<string> RunAsync(string contender, int port, int pairs, TimeSpan duration)
    {
        var clock = Stopwatch.StartNew();
        var loads = Enumerable.Range(0, pairs).Select(_ => new PollLoad(contender, port, clock, duration)).ToArray();
        await Task.WhenAll(loads.Select((load, pair) => Task.Run(() => load.RunAsync(pair))));
        var elapsed = clock.Elapsed.TotalSeconds;
        double[] times = [.. loads.SelectMany(load => load._times).Order()];
        return string.Create(CultureInfo.InvariantCulture, $"RESULT {times.Length} {elapsed:F6} 0 0 {times[times.Length / 2]:F0} {times[times.Length * 99 / 100]:F0}");
    }

    private async Task RunAsync(int pair)
    {
        using var waiting = await PollConnection.OpenAsync(port);
        using var changing = await PollConnection.OpenAsync(port);
        var change = ChangeOf(pair);

        // A key that is there, so that the first wait is for a change too.
        await changing.SendAsync(change);
        var revision = await changing.ReceiveAsync(contender);
        if (contender == "redis")
            await TakeAsync(waiting, pair);
        if (contender == "etcd")
            await WatchAsync(waiting, pair);
        while (clock.Elapsed < duration)
        {
            if (contender != "etcd")
                await waiting.SendAsync(WaitOf(pair, revision));
            var startedAt = Stopwatch.GetTimestamp();
            await changing.SendAsync(change);
            revision = await waiting.ReceiveAsync(contender);
            _times.Add(Stopwatch.GetElapsedTime(startedAt).TotalMicroseconds);
            await changing.ReceiveAsync(contender);
        }
    }

    private async Task TakeAsync(PollConnection connection, int pair)
    {
        await connection.SendAsync(WaitOf(pair, 0));
        await connection.ReceiveAsync(contender);
    }

    private static async Task WatchAsync(PollConnection connection, int pair)
    {
        await connection.SendAsync(Post("/v3/watch", $$$"""{"create_request":{"key":"{{{Base64($"poll-{pair}")}}}"}}"""));
        await connection.ReceiveAsync("etcd");
    }

    private byte[] ChangeOf(int pair) => contender switch
    {
        "redis" => Encoding.ASCII.GetBytes($"*3\r\n$5\r\nRPUSH\r\n${$"poll-{pair}".Length}\r\npoll-{pair}\r\n${Value.Length}\r\n{Value}\r\n"),
        "etcd" => Post("/v3/kv/put", $$"""{"key":"{{Base64($"poll-{pair}")}}","value":"{{Base64(Value)}}"}"""),
        "limit" => Put($"/wake/{pair}"),
        _ => Put($"/v1/kv/poll-{pair}"),
    };

    private byte[] WaitOf(int pair, long revision) => contender switch
    {
        "redis" => Encoding.ASCII.GetBytes($"*3\r\n$5\r\nBLPOP\r\n${$"poll-{pair}".Length}\r\npoll-{pair}\r\n$1\r\n0\r\n"),
        "limit" => Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"GET /park/{pair}?after={revision} HTTP/1.1\r\nHost: localhost\r\n\r\n")),
        _ => Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"GET /v1/kv/poll-{pair}?wait=30&after={revision} HTTP/1.1\r\nHost: localhost\r\n\r\n")),
    };

    private static byte[] Put(string path) => Encoding.ASCII.GetBytes($"PUT {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {Value.Length}\r\n\r\n{Value}");

    private static byte[] Post(string path, string body) => Encoding.ASCII.GetBytes($"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {body.Length}\r\n\r\n{body}");

    private static string Base64(string text) => Convert.ToBase64String(Encoding.ASCII.GetBytes(text));
}
