using System.Buffers.Text;
using System.Net.Sockets;
using System.Text;

namespace KvStore.Floor;

/// <summary>
/// Fills a store over HTTP as fast as one process can: raw sockets, many connections, requests sent without waiting for the
/// answers before them. The key of entry n is <c>e</c> and n in nine digits.
/// </summary>
internal static class Loader
{
    // Requests of a connection that are sent together and then waited for.
    private const int Depth = 128;

    private const int ReceiveBytes = 64 * 1024;

    private static readonly byte[] StatusPrefix = "HTTP/1.1 "u8.ToArray();

    public static async Task LoadAsync(Uri url, long entries, int valueBytes, int connections)
    {
        var next = 0L;
        await Task.WhenAll(Enumerable.Range(0, connections).Select(_ => Task.Run(RunAsync)));
        Console.WriteLine($"loaded {entries} entries of {valueBytes} B");

        async Task RunAsync()
        {
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(url.Host, url.Port);
            var (request, digitsAt) = RequestOf(url, valueBytes);
            var batch = new byte[request.Length * Depth];
            for (var i = 0; i < Depth; i++)
                request.CopyTo(batch, i * request.Length);
            var answers = new AnswerCounter();
            var received = new byte[ReceiveBytes];

            while (Interlocked.Add(ref next, Depth) - Depth is var first && first < entries)
            {
                var count = (int)Math.Min(Depth, entries - first);
                for (var i = 0; i < count; i++)
                    WriteDigits(batch.AsSpan((i * request.Length) + digitsAt, 9), first + i);

                for (var sent = 0; sent < count * request.Length;)
                    sent += await socket.SendAsync(batch.AsMemory(sent, (count * request.Length) - sent));

                for (var open = count; open > 0;)
                {
                    var length = await socket.ReceiveAsync(received);
                    if (length == 0)
                        throw new InvalidOperationException("The server closed the connection.");
                    open -= answers.Count(received.AsSpan(0, length));
                }
            }
        }
    }

    private static (byte[] Request, int DigitsAt) RequestOf(Uri url, int valueBytes)
    {
        const string Start = "PUT /v1/kv/e";
        var head = $"{Start}000000000 HTTP/1.1\r\nHost: {url.Authority}\r\nContent-Length: {valueBytes}\r\n\r\n";
        return ([.. Encoding.ASCII.GetBytes(head), .. Enumerable.Repeat((byte)'x', valueBytes)], Start.Length);
    }

    private static void WriteDigits(Span<byte> digits, long number) => Utf8Formatter.TryFormat(number, digits, out _, new('D', 9));

    /// <summary>Counts the answers in a stream of bytes that has no bodies, and throws at one that is not a success.</summary>
    private sealed class AnswerCounter
    {
        // How much of the status line's start the bytes so far end with, and whether its first digit comes next.
        private int _matched;

        public int Count(ReadOnlySpan<byte> bytes)
        {
            var count = 0;
            foreach (var value in bytes)
            {
                if (_matched == StatusPrefix.Length)
                {
                    if (value != '2')
                        throw new InvalidOperationException($"The server refused an entry: status {(char)value}xx.");
                    _matched = 0;
                    count++;
                }
                else
                {
                    _matched = value == StatusPrefix[_matched] ? _matched + 1 : value == StatusPrefix[0] ? 1 : 0;
                }
            }

            return count;
        }
    }
}
