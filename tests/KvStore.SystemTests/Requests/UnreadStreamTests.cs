using System.Net;
using System.Net.Sockets;
using KvStore.Fuzz;

namespace KvStore.SystemTests;

/// <summary>Clients of HTTP/2 that ask for much and open no window for the answers.</summary>
public sealed class UnreadStreamTests
{
    private const int Connections = 4;
    private const int StreamsPerConnection = 100;
    private const long AnswersBytesMax = 16 << 20;

    [Fact]
    public async Task Streams_WindowIsZero_StayInAccountAndAreEnded()
    {
        await using var server = ServerProcess.Launch(
            ["--urls", "http://127.0.0.1:0", "--Kestrel:EndpointDefaults:Protocols", "Http2"],
            ("AnswersBytesMax", $"{AnswersBytesMax}"), ("BodySilenceMax", "00:00:02"));
        await server.WaitUntilItListensAsync();
        using var client = new HttpClient
        {
            BaseAddress = server.Address,
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Timeout = TimeSpan.FromSeconds(30),
        };
        for (var i = 0; i < StreamsPerConnection; i++)
            await PutAsync(client, $"large/{i}", new byte[1 << 20]);

        var connections = new List<WireConnection>();
        for (var i = 0; i < Connections; i++)
        {
            var frames = new Http2Frames().Preface((Http2Frames.InitialWindowSize, 0));
            for (var stream = 0u; stream < StreamsPerConnection; stream++)
                frames.Request((2 * stream) + 1, "GET", $"/v1/kv/large%2F{stream}");
            var connection = await WireConnection.OpenAsync(new IPEndPoint(IPAddress.Loopback, server.Address.Port), cancellationToken: TestContext.Current.CancellationToken);
            connections.Add(connection);
            await connection.SendAsync(frames.Bytes, TestContext.Current.CancellationToken);
        }

        // At once, because a connection from which nothing is taken may last until the service ends it.
        var statuses = await Task.WhenAll(connections.Select(ReadStatusesAsync));

        // Those that fit wait for their clients, and others are refused at once.
        Assert.All(statuses.SelectMany(answers => answers.Statuses), status => Assert.True(status is 200 or 503, $"{status}"));
        Assert.Contains(statuses, answers => answers.Statuses.Contains(200));
        Assert.Contains(statuses, answers => answers.Statuses.Contains(503));
        Assert.InRange((await AccountAsync(client, "answers")).Peak, 1 << 20, AnswersBytesMax);
        Assert.InRange((await AccountAsync(client, "connections")).Peak, 1 << 20, 64 << 20);
        await PutAsync(client, "small", [1]);

        // They are ended, whatever their clients do.
        await server.WaitUntilAsync(async _ => (await AccountAsync(client, "answers")).Bytes == 0);
        connections.ForEach(connection => connection.Reset());
        await server.WaitUntilAsync(async _ => (await AccountAsync(client, "connections")).Bytes < 1 << 20);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync(new Uri("/v1/kv/large%2F1", UriKind.Relative), TestContext.Current.CancellationToken)).StatusCode);
    }

    // Until all streams have one, or the service ends the connection because nothing is taken.
    private static async Task<Http2Answers> ReadStatusesAsync(WireConnection connection)
    {
        var answers = new Http2Answers();
        var buffer = new byte[16 * 1024];
        try
        {
            while (answers.Statuses.Count < StreamsPerConnection && await connection.ReceiveAsync(buffer, TestContext.Current.CancellationToken).AsTask().Within() is > 0 and var count)
                answers.Add(buffer.AsSpan(0, count));
        }
        catch (SocketException)
        {
            // It was reset.
        }

        Assert.Null(answers.Fault);
        return answers;
    }

    private static async Task PutAsync(HttpClient client, string key, byte[] value)
    {
        using var content = new ByteArrayContent(value);
        using var response = await client.PutAsync(new Uri("/v1/kv/" + Uri.EscapeDataString(key), UriKind.Relative), content, TestContext.Current.CancellationToken);
        Assert.True(response.IsSuccessStatusCode, $"{response.StatusCode}");
    }

    private static async Task<(long Bytes, long Peak)> AccountAsync(HttpClient client, string name)
    {
        using var status = System.Text.Json.JsonDocument.Parse(await client.GetStringAsync(new Uri("/v1/status", UriKind.Relative), TestContext.Current.CancellationToken));
        var account = status.RootElement.GetProperty("memory").GetProperty("accounts").GetProperty(name);
        return (account.GetProperty("bytes").GetInt64(), account.GetProperty("peak_bytes").GetInt64());
    }
}
