using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace KvStore.Fuzz;

/// <summary>What attacks are made with: connections from a few addresses, and counts of what was sent and answered.</summary>
internal sealed class Attacker(ServiceProcess service, TimeSpan time) : IDisposable
{
    private const int FirstSource = 20;

    private readonly CancellationTokenSource _end = new();
    private readonly ConcurrentBag<WireConnection> _held = [];
    private long _sentBytes;

    public ServiceProcess Service => service;

    public TimeSpan Time => time;

    public CancellationToken End => _end.Token;

    public long SentBytes => Interlocked.Read(ref _sentBytes);

    public ConcurrentDictionary<int, long> Statuses { get; } = new();

    /// <summary>Lets the time begin.</summary>
    public void Begin() => _end.CancelAfter(time);

    public void Stop() => _end.Cancel();

    /// <summary>Opens a connection.</summary>
    /// <param name="source">Which of the attacker's addresses; all of them are the service's machine.</param>
    public ValueTask<WireConnection> OpenAsync(int source = 0, int? receiveBytes = null, CancellationToken cancellationToken = default) =>
        WireConnection.OpenAsync(service.EndPoint, IPAddress.Parse($"127.0.0.{FirstSource + source}"), receiveBytes, cancellationToken);

    /// <summary>Opens a connection, sends something, and leaves it open and unread. Nothing happens if the service refuses it.</summary>
    public async Task HoldAsync(ReadOnlyMemory<byte> bytes, int source = 0, int? receiveBytes = null)
    {
        try
        {
            var connection = await OpenAsync(source, receiveBytes, End);
            _held.Add(connection);
            await connection.SendAsync(bytes, End);
            Interlocked.Add(ref _sentBytes, bytes.Length);
        }
        catch (Exception exception) when (IsRefusal(exception))
        {
            // Refused, or the time is up.
        }
    }

    public Task HoldAsync(string text, int source = 0, int? receiveBytes = null) => HoldAsync(Encoding.Latin1.GetBytes(text), source, receiveBytes);

    /// <summary>Sends parts one after the other on a new connection, reads for a moment, or until the service closes it, and counts nothing.</summary>
    public async Task SendAndCloseAsync(IReadOnlyList<ReadOnlyMemory<byte>> parts, TimeSpan interval, TimeSpan readMax, int source = 0)
    {
        using var readEnd = CancellationTokenSource.CreateLinkedTokenSource(End);
        try
        {
            using var connection = await OpenAsync(source, cancellationToken: End);
            var sending = SendAsync(connection, parts, interval);
            var buffer = new byte[16 * 1024];
            readEnd.CancelAfter(readMax + (parts.Count * interval));
            while (await connection.ReceiveAsync(buffer, readEnd.Token) > 0)
            {
                // Only the end is of interest.
            }

            await sending;
        }
        catch (Exception exception) when (IsRefusal(exception))
        {
            // Reset by the service, or the time is up.
        }
    }

    /// <summary>Sends a little on every held connection, now and then, until the time is up.</summary>
    public async Task DribbleAsync(string text, TimeSpan interval)
    {
        while (!End.IsCancellationRequested)
        {
            foreach (var connection in _held)
            {
                try
                {
                    await connection.SendAsync(text, End);
                    Interlocked.Add(ref _sentBytes, text.Length);
                }
                catch (Exception exception) when (IsRefusal(exception))
                {
                    // This one is closed; the others may not be.
                }
            }

            await WaitAsync(interval);
        }
    }

    /// <summary>Requests one after the other on several connections until the time is up, and counts the answers.</summary>
    /// <param name="next">The request with this number on this connection.</param>
    public Task RepeatAsync(int connections, Func<int, long, string> next) => Task.WhenAll(Enumerable.Range(0, connections).Select(number => Task.Run(async () =>
    {
        WireConnection? connection = null;
        for (var i = 0L; !End.IsCancellationRequested; i++)
        {
            try
            {
                connection ??= await OpenAsync(number % 4, cancellationToken: End);
                var request = next(number, i);
                Interlocked.Add(ref _sentBytes, request.Length);
                var answer = await connection.ExchangeAsync(request, End);
                Count(answer.Status);
                if (!answer.Closes)
                    continue;
            }
            catch (Exception exception) when (IsRefusal(exception))
            {
                await WaitAsync(TimeSpan.FromMilliseconds(10));
            }

            connection?.Dispose();
            connection = null;
        }

        connection?.Dispose();
    })));

    /// <summary>Sends a request that must succeed.</summary>
    public async Task ExpectAsync(string request)
    {
        using var connection = await OpenAsync();
        var answer = await connection.ExchangeAsync(request);
        if (!answer.IsSuccess)
            throw new InvalidOperationException($"The attack cannot be prepared: {answer}");
    }

    public Task WaitAsync(TimeSpan interval) => Task.Delay(interval, End).ContinueWith(_ => { }, TaskScheduler.Default);

    public Task WaitForEndAsync() => WaitAsync(Timeout.InfiniteTimeSpan);

    public void Dispose()
    {
        foreach (var connection in _held)
            connection.Dispose();
        _end.Dispose();
    }

    private async Task SendAsync(WireConnection connection, IReadOnlyList<ReadOnlyMemory<byte>> parts, TimeSpan interval)
    {
        for (var i = 0; i < parts.Count; i++)
        {
            if (i > 0)
                await Task.Delay(interval, End);
            await connection.SendAsync(parts[i], End);
            Interlocked.Add(ref _sentBytes, parts[i].Length);
        }
    }

    private static bool IsRefusal(Exception exception) => exception is SocketException or IOException or OperationCanceledException or InvalidDataException or ObjectDisposedException;

    private void Count(int status) => Statuses.AddOrUpdate(status, 1, (_, count) => count + 1);
}
