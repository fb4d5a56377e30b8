using System.Net.Sockets;

namespace KvStore.Client.Tests;

/// <summary>A service that cannot be connected to.</summary>
public sealed class ConnectingTests
{
    [Fact]
    public async Task NeverAnswered_Refused_FailsAfterTwoRetries()
    {
        using var network = new Network();
        using var client = network.NewClient(new Uri("http://localhost:1"));
        var failure = await Assert.ThrowsAsync<KvStoreException>(() => client.PutAsync("key", "value", cancellationToken: Clients.Token));
        Assert.Equal((3, null, KvOutcome.NotApplied), (network.Connects, failure.StatusCode, failure.Outcome));
        Assert.StartsWith("Cannot connect to http://localhost:1: ", failure.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<KvStoreException>(() => client.WatchAsync("key", cancellationToken: Clients.Token).FirstAsync(Clients.Token).AsTask());
    }

    // It is restarting.
    [Fact]
    public async Task HasAnswered_Refused_IsRetriedInFull()
    {
        await using var server = ScriptedServer.Always(Answers.Written());
        using var network = new Network { IsUp = true };
        using var client = network.NewClient(server.Address);
        await client.PutAsync("key", "value", cancellationToken: Clients.Token);
        (network.Connects, network.IsUp) = (0, false);
        var failure = await Assert.ThrowsAsync<KvStoreException>(() => client.PutAsync("key", "value", cancellationToken: Clients.Token));
        Assert.Equal((6, KvOutcome.NotApplied), (network.Connects, failure.Outcome));
    }

    [Fact]
    public void HttpClient_WithAShorterTimeout_IsRejected()
    {
        using var http = new HttpClient();
        Assert.Throws<ArgumentException>(() => new KvStoreClient(http, new Uri("http://localhost"), new KvStoreClientOptions { AttemptTimeout = TimeSpan.FromSeconds(101) }));
        using var client = new KvStoreClient(http, new Uri("http://localhost"));
    }

    private sealed class Network : IDisposable
    {
        private readonly SocketsHttpHandler _handler = new();

        public Network() => _handler.ConnectCallback = async (context, token) =>
        {
            Connects++;
            if (!IsUp)
                throw new SocketException((int)SocketError.ConnectionRefused);
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(context.DnsEndPoint, token);
            return new NetworkStream(socket, ownsSocket: true);
        };

        public bool IsUp { get; set; }

        public int Connects { get; set; }

        public KvStoreClient NewClient(Uri address) => new(new HttpClient(_handler, disposeHandler: false) { Timeout = Timeout.InfiniteTimeSpan }, address, Clients.Quick);

        public void Dispose() => _handler.Dispose();
    }
}
