using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace KvStore.Fuzz;

/// <summary>One connection of a <see cref="NormalClient"/>.</summary>
internal sealed class NormalLane : IAsyncDisposable
{
    private const int ValueBytes = 100;
    private const int Keys = 4;

    // An address of its own: what the service grants to one address must not depend on the attacker's.
    private static readonly IPAddress Source = IPAddress.Parse("127.0.0.2");
    private static readonly TimeSpan AnswerMax = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromMilliseconds(20);

    // After that, what was due is given up: a service that is too slow all the time would be ever later.
    private static readonly TimeSpan LateMax = TimeSpan.FromSeconds(2);

    private readonly NormalClient _client;
    private readonly IPEndPoint _endPoint;
    private readonly int _number;
    private readonly TimeSpan _interval;
    private readonly CancellationTokenSource _end = new();
    private readonly Task _running;
    private WireConnection? _connection;
    private long _sent = long.MaxValue;
    private long _longestTicks;
    private long _wrongReads;

    public NormalLane(NormalClient client, IPEndPoint endPoint, int number, TimeSpan interval)
    {
        (_client, _endPoint, _number, _interval) = (client, endPoint, number, interval);
        _running = Task.Run(RunAsync);
    }

    public long WrongReads => Interlocked.Read(ref _wrongReads);

    public TimeSpan LongestStall
    {
        get
        {
            var sent = Interlocked.Read(ref _sent);
            var waiting = sent == long.MaxValue ? 0 : Stopwatch.GetElapsedTime(sent).Ticks;
            return TimeSpan.FromTicks(Math.Max(waiting, Interlocked.Read(ref _longestTicks)));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _running;
        _connection?.Dispose();
        _end.Dispose();
    }

    private async Task RunAsync()
    {
        var due = Stopwatch.GetTimestamp();
        for (var number = 0L; !_end.IsCancellationRequested; number++)
        {
            due += (long)(_interval.TotalSeconds * Stopwatch.Frequency);
            var late = Stopwatch.GetElapsedTime(due);
            if (late < TimeSpan.Zero)
                await Task.Delay(-late, CancellationToken.None);
            else if (late > LateMax)
                due = Stopwatch.GetTimestamp();

            var key = $"normal/{_number}/{number % Keys}";
            var value = $"{_number}/{number}".PadRight(ValueBytes, '.');
            var isWritten = await TimeAsync(due, _client.Puts, Texts.Put(key, value)) is { IsSuccess: true };
            var read = await TimeAsync(Stopwatch.GetTimestamp(), _client.Gets, Texts.Get("/v1/kv/" + key));
            if (isWritten && read is { Status: 200 } && Encoding.Latin1.GetString(read.Body) != value)
                Interlocked.Increment(ref _wrongReads);
        }
    }

    private async ValueTask<Answer?> TimeAsync(long due, Latencies latencies, string request)
    {
        var sent = Stopwatch.GetTimestamp();
        Interlocked.Exchange(ref _sent, sent);
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(_end.Token);
        timeout.CancelAfter(AnswerMax);
        var status = 0;
        try
        {
            _connection ??= await WireConnection.OpenAsync(_endPoint, Source, cancellationToken: timeout.Token);
            var answer = await _connection.ExchangeAsync(request, timeout.Token);
            status = answer.Status;
            if (answer.Closes)
                Close();
            return answer;
        }
        catch (Exception exception) when (exception is IOException or SocketException or OperationCanceledException or InvalidDataException)
        {
            Close();
            return null;
        }
        finally
        {
            if (!_end.IsCancellationRequested)
            {
                _client.Statuses.AddOrUpdate(status, 1, (_, count) => count + 1);
                latencies.Add(Stopwatch.GetElapsedTime(Math.Min(due, sent)));
                _longestTicks = Math.Max(_longestTicks, Stopwatch.GetElapsedTime(sent).Ticks);
            }

            Interlocked.Exchange(ref _sent, long.MaxValue);
            if (status == 0)
                await Task.Delay(PauseAfterFailure, CancellationToken.None);
        }
    }

    private void Close()
    {
        _connection?.Dispose();
        _connection = null;
    }
}
