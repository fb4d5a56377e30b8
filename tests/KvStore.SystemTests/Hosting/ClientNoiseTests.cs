using System.Net.Sockets;
using System.Text;

namespace KvStore.SystemTests;

/// <summary>Whatever a client does, and however often, the log stays short.</summary>
public sealed class ClientNoiseTests
{
    // KVSTORE_TEST_LONG=1 does each bad thing ten thousand times.
    private static readonly int Rounds = Environment.GetEnvironmentVariable("KVSTORE_TEST_LONG") == "1" ? 10_000 : 300;

    private static readonly string[] Requests =
    [
        "nonsense\r\n\r\n", "GET /v1/kv/a HTTP/9.9\r\nHost: localhost\r\n\r\n", "GET /v1/kv/a HTTP/1.1\r\n\r\n", "GET /v1/kv/%zz HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "PUT /v1/kv/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nhalf", "PUT /v1/kv/a HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "POST /v1/txn HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1\r\n\r\n{", "\u0016\u0003\u0001\u0002\0\u0001\0\u0001\u00fc\u0003\u0003",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u0004\0\0\0\0\0\u00ff\u00ff\u00ff", "GET /swagger/%0A HTTP/1.1\r\nHost: localhost\r\n\r\n", "GET /v1/watch?prefix= HTTP/1.1\r\nHost: localhost\r\n\r\n", "",
    ];

    [Fact]
    public async Task Log_BadRequests_StaysShort()
    {
        // On a busy machine any request may be a slow one, and a hundred of those may be logged.
        await using var server = await ServerProcess.StartLimitedAsync(512, [], ("SlowRequestTime", "01:00:00"), ("ConnectionsPerAddressMax", "100"));
        var before = server.Output.ToArray().Length;
        await Parallel.ForEachAsync(Enumerable.Range(0, Rounds * Requests.Length), new ParallelOptions { MaxDegreeOfParallelism = 150 }, async (number, token) =>
        {
            try
            {
                using var client = new TcpClient { LingerState = new LingerOption(number % 2 == 0, 0) };
                await client.ConnectAsync(server.Address.Host, server.Address.Port, token);
                await client.GetStream().WriteAsync(Encoding.Latin1.GetBytes(Requests[number % Requests.Length]), token);
                if (number % 3 == 0)
                    _ = await client.GetStream().ReadAsync(new byte[1], token);
            }
            catch (Exception exception) when (exception is IOException or SocketException)
            {
                // Refused, or reset.
            }
        });

        using var connection = await RawConnection.ConnectAsync(server.Address);
        await connection.PutAsync("a", "v");
        server.Send(Signal.Terminate);
        Assert.Equal(0, await server.WaitForExitAsync(TimeSpan.FromSeconds(20)));
        var lines = server.Output.ToArray()[before..];
        TestContext.Current.TestOutputHelper?.WriteLine($"{Rounds * Requests.Length} requests, {lines.Length} lines of {lines.Sum(line => line.Length)} bytes");
        TestContext.Current.TestOutputHelper?.WriteLine(string.Join('\n', lines));
        Assert.DoesNotContain(lines, line => line.Contains("\"Fatal\"", StringComparison.Ordinal) || line.Contains("\"Error\"", StringComparison.Ordinal));
        Assert.InRange(lines.Length, 1, 40);
        Assert.Empty(server.Error.ToArray());
    }

    [Fact]
    public async Task Log_RapidResets_StaysShort()
    {
        await using var server = ServerProcess.Launch(["--urls", "http://127.0.0.1:0", "--Kestrel:EndpointDefaults:Protocols", "Http2"]);
        await server.WaitUntilItListensAsync();
        var before = server.Output.ToArray().Length;
        for (var i = 0; i < Rounds / 10; i++)
        {
            try
            {
                using var client = new TcpClient();
                await client.ConnectAsync(server.Address.Host, server.Address.Port, TestContext.Current.CancellationToken);
                var stream = client.GetStream();
                await stream.WriteAsync(RapidResets(1000), TestContext.Current.CancellationToken);
                client.Client.Shutdown(SocketShutdown.Send);
                while (await stream.ReadAsync(new byte[4096], TestContext.Current.CancellationToken) > 0)
                {
                    // Until the service closes it.
                }
            }
            catch (Exception exception) when (exception is IOException or SocketException)
            {
                // It has reset the connection.
            }
        }

        server.Send(Signal.Terminate);
        Assert.Equal(0, await server.WaitForExitAsync(TimeSpan.FromSeconds(20)));
        Assert.InRange(server.Output.ToArray().Length - before, 1, 5);
        Assert.DoesNotContain(server.Output.ToArray(), line => line.Contains("\"Fatal\"", StringComparison.Ordinal));
    }

    // The preface and settings of HTTP/2 (RFC 9113), then requests, each of which is reset at once.
    private static byte[] RapidResets(int requests)
    {
        // GET / over http of the host x, in HPACK (RFC 7541): three fields of the static table, and one with a value.
        byte[] headers = [0x82, 0x84, 0x86, 0x41, 1, (byte)'x'];
        const byte Headers = 1, Reset = 3, Settings = 4, EndOfStreamAndHeaders = 5;
        using var bytes = new MemoryStream();
        bytes.Write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8);
        Frame(Settings, 0, 0, []);
        for (var i = 0; i < requests; i++)
        {
            Frame(Headers, EndOfStreamAndHeaders, (2 * i) + 1, headers);
            Frame(Reset, 0, (2 * i) + 1, [0, 0, 0, 8]);
        }

        return bytes.ToArray();

        void Frame(byte type, byte flags, int stream, byte[] payload) =>
            bytes.Write([0, 0, (byte)payload.Length, type, flags, (byte)(stream >> 24), (byte)(stream >> 16), (byte)(stream >> 8), (byte)stream, .. payload]);
    }
}
