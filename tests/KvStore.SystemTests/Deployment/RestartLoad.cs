using System.Diagnostics;
using System.Net;
using System.Text.Json;

namespace KvStore.SystemTests;

/// <summary>
/// Clients that read and write without a pause and never try again: every answer but the expected one is a failure. Each reads what it wrote itself. What
/// they add under an Idempotency-Key is counted, and compared with what the store has.
/// </summary>
internal sealed class RestartLoad(HttpClient client) : IDisposable
{
    private const int Clients = 32;

    private readonly CancellationTokenSource _end = new();
    private readonly List<string> _failures = [];
    private readonly Lock _lock = new();
    private int _answered;
    private int _increments;
    private int _appends;
    private int _wanted = int.MaxValue;
    private TaskCompletionSource _reached = new();
    private Task _running = Task.CompletedTask;

    public int Answered => Volatile.Read(ref _answered);

    /// <summary>The longest time that a request took.</summary>
    public TimeSpan Longest { get; private set; }

    public IReadOnlyList<string> Failures => _failures;

    public void Start() => _running = Task.WhenAll(Enumerable.Range(0, Clients).Select(number => Task.Run(() => RunAsync(number))));

    /// <summary>Ends when so many more requests have been answered.</summary>
    public Task AnsweredAsync(int count)
    {
        lock (_lock)
        {
            _reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _wanted = _answered + count;
            return _reached.Task.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Ends the clients, and asserts that every request was answered as expected and applied once.</summary>
    public async Task EndAsync()
    {
        await _end.CancelAsync();
        await _running;
        TestContext.Current.TestOutputHelper?.WriteLine($"{_answered} requests, {_failures.Count} failed, {_increments} increments, {_appends} appends; the longest took {Longest.TotalSeconds:F2} s");
        Assert.True(_failures.Count == 0, string.Join('\n', _failures.Take(20)));
        Assert.Equal($"{_increments}", await client.GetStringAsync("/v1/kv/counter", TestContext.Current.CancellationToken));
        using var count = JsonDocument.Parse(await client.GetStringAsync("/v1/kv?prefix=log/&count_only=true", TestContext.Current.CancellationToken));
        Assert.Equal(_appends, count.RootElement.GetProperty("count").GetInt32());
    }

    public void Dispose() => _end.Dispose();

    private async Task RunAsync(int number)
    {
        var own = $"/v1/kv/own/{number}";
        for (var round = 0; !_end.IsCancellationRequested; round++)
        {
            var value = $"{number} {round}";
            await SendAsync(HttpMethod.Put, own, value, null, HttpStatusCode.Created, HttpStatusCode.NoContent);
            var read = await SendAsync(HttpMethod.Get, own, null, null, HttpStatusCode.OK);
            if (read is not null && read != value)
                Fail($"GET {own}: {read} instead of {value}");
            if (await SendAsync(HttpMethod.Post, "/v1/counters/counter", null, $"increment {number} {round}", HttpStatusCode.OK) is not null)
                Interlocked.Increment(ref _increments);
            if (await SendAsync(HttpMethod.Post, "/v1/kv/log/", value, $"append {number} {round}", HttpStatusCode.Created) is not null)
                Interlocked.Increment(ref _appends);
            if (round % 8 == 7)
                await SendAsync(HttpMethod.Delete, own, null, null, HttpStatusCode.NoContent);
        }
    }

    // Null if it failed.
    private async Task<string?> SendAsync(HttpMethod method, string path, string? body, string? idempotencyKey, params HttpStatusCode[] expected)
    {
        var startedAt = Stopwatch.GetTimestamp();
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
            request.Content = new StringContent(body);
        if (idempotencyKey is not null)
            request.Headers.Add("Idempotency-Key", idempotencyKey);
        try
        {
            using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);
            var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            Count(Stopwatch.GetElapsedTime(startedAt));
            if (expected.Contains(response.StatusCode))
                return text;
            Fail($"{method} {path}: {(int)response.StatusCode} {text}");
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException)
        {
            Fail($"{method} {path}: {exception.Message} {exception.InnerException?.Message}");
        }

        return null;
    }

    private void Count(TimeSpan time)
    {
        lock (_lock)
        {
            Longest = time > Longest ? time : Longest;
            if (++_answered >= _wanted)
                _reached.TrySetResult();
        }
    }

    private void Fail(string what)
    {
        lock (_lock)
            _failures.Add($"{DateTime.UtcNow:HH:mm:ss.fff} {what}");
    }
}
