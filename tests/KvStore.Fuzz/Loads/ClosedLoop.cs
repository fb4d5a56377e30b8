using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace KvStore.Fuzz;

/// <summary>Connections that each send the next request as soon as the last one is answered, and do not wait when they are asked to.</summary>
internal static class ClosedLoop
{
    // Far fewer connections from one address than the service grants to one.
    private const int ConnectionsPerSource = 250;
    private const int FirstSource = 40;
    private const int Keys = 1000;

    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromMilliseconds(50);

    public static async Task<LoadResult> RunAsync(IPEndPoint endPoint, int connections, int valueBytes, int putPercent, TimeSpan time)
    {
        var result = new LoadResult();
        using var end = new CancellationTokenSource();
        var value = new string('v', valueBytes);
        var puts = Enumerable.Range(0, Keys).Select(key => Encoding.Latin1.GetBytes(Texts.Put($"load/{key}", value))).ToArray();
        var gets = Enumerable.Range(0, Keys).Select(key => Encoding.Latin1.GetBytes(Texts.Get($"/v1/kv/load/{key}"))).ToArray();
        var running = Enumerable.Range(0, connections).Select(number => Task.Run(async () =>
        {
            var random = new Random(number);
            WireConnection? connection = null;
            while (!end.IsCancellationRequested)
            {
                try
                {
                    connection ??= await WireConnection.OpenAsync(endPoint, IPAddress.Parse($"127.0.0.{FirstSource + (number / ConnectionsPerSource)}"), cancellationToken: end.Token);
                    var start = Stopwatch.GetTimestamp();
                    await connection.SendAsync((random.Next(100) < putPercent ? puts : gets)[random.Next(Keys)], end.Token);
                    if (await connection.ReadAsync(false, end.Token) is { } answer)
                    {
                        result.Add(answer, Stopwatch.GetElapsedTime(start));
                        if (!answer.Closes)
                            continue;
                    }
                    else
                    {
                        result.AddFailure();
                    }
                }
                catch (Exception exception) when (exception is IOException or SocketException or InvalidDataException or OperationCanceledException)
                {
                    if (!end.IsCancellationRequested)
                        result.AddFailure();
                    await Task.Delay(PauseAfterFailure, CancellationToken.None);
                }

                connection?.Dispose();
                connection = null;
            }

            connection?.Dispose();
        })).ToArray();
        end.CancelAfter(time);
        await Task.WhenAll(running);
        return result;
    }

    /// <summary>Stores all keys that the load reads.</summary>
    public static async Task PrepareAsync(IPEndPoint endPoint, int valueBytes)
    {
        using var connection = await WireConnection.OpenAsync(endPoint);
        for (var key = 0; key < Keys; key++)
            await connection.ExchangeAsync(Texts.Put($"load/{key}", new string('v', valueBytes)));
    }
}
