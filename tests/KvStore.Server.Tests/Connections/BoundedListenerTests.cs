using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace KvStore.Server.Tests;

/// <summary>Connections are counted from acceptance to close, whatever happens to them in between.</summary>
public sealed class BoundedListenerTests
{
    private static readonly IPEndPoint Client = new(IPAddress.Loopback, 1);

    [Fact]
    public async Task AcceptAsync_Failures_AreNotTheEnd()
    {
        var inner = new ScriptedListener(new InsufficientMemoryException(), new IOException(), Connection());
        var gate = new ConnectionGate(1, 1, memory: null);
        await using var listener = Listen(inner, gate);

        var accepted = await listener.AcceptAsync(TestContext.Current.CancellationToken);
        Assert.Equal(1, gate.Open);
        await accepted!.DisposeAsync();
        await accepted.DisposeAsync();
        Assert.Equal(0, gate.Open);
        Assert.Null(await listener.AcceptAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task AcceptAsync_TooMany_AreClosedAndOthersAccepted()
    {
        var (first, second, third) = (Connection(), Connection(), Connection());
        var inner = new ScriptedListener(first, second);
        var gate = new ConnectionGate(1, 1, memory: null);
        await using var listener = Listen(inner, gate);

        var accepted = (await listener.AcceptAsync(TestContext.Current.CancellationToken))!;
        Assert.Null(await listener.AcceptAsync(TestContext.Current.CancellationToken));
        Assert.Equal((false, true), (first.IsAborted, second.IsAborted));
        Assert.Equal((1, 1), (gate.Open, gate.Refused));

        await accepted.DisposeAsync();
        inner.Add(third);
        Assert.NotNull(await listener.AcceptAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Open_ConnectionIsForgotten_ReturnsToZero()
    {
        var gate = new ConnectionGate(1, 1, memory: null);
        await AcceptAndForgetAsync(gate);
        await Soon.UntilAsync(() =>
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return gate.Open == 0;
        });

        static async Task AcceptAndForgetAsync(ConnectionGate gate)
        {
            await using var listener = Listen(new ScriptedListener(Connection()), gate);
            Assert.NotNull(await listener.AcceptAsync(TestContext.Current.CancellationToken));
            Assert.Equal(1, gate.Open);
        }
    }

    [Theory]
    [InlineData("GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")]
    [InlineData("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")]
    [InlineData("nonsense\r\n\r\n")]
    [InlineData("PUT /v1/kv/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nhalf")]
    [InlineData("GET /v1/watch HTTP/1.1\r\nHost: localhost\r\n\r\n")]
    [InlineData("")]
    public async Task Open_ClientLeavesAnyhow_ReturnsToZero(string sent)
    {
        await using var server = await KvServer.StartAsync();
        var gate = server.Services.GetRequiredService<ConnectionGates>().Clients;
        var before = gate.Open;
        for (var i = 0; i < 5; i++)
        {
            using var connection = await server.SendAsync(sent);
            await Soon.UntilAsync(() => gate.Open > before || sent.Contains("close", StringComparison.Ordinal) || sent.StartsWith("nonsense", StringComparison.Ordinal));
        }

        await Soon.UntilAsync(() => gate.Open == before);
    }

    private static FakeConnection Connection() => new() { RemoteEndPoint = Client };

    private static BoundedListener Listen(ScriptedListener inner, ConnectionGate gate) =>
        new(inner, gate, isForOperators: false, static _ => null, new ConnectionLog(ConnectionLimits.Of(new KvStoreOptions(), null), TimeProvider.System, NullLoggerFactory.Instance), TimeProvider.System);

    private sealed class FakeConnection : DefaultConnectionContext
    {
        public bool IsAborted { get; private set; }

        public override void Abort(ConnectionAbortedException abortReason) => IsAborted = true;
    }

    /// <summary>Accepts or fails as listed, then says that it has ended.</summary>
    private sealed class ScriptedListener(params object[] script) : IConnectionListener
    {
        private readonly Queue<object> _script = new(script);

        public EndPoint EndPoint => Client;

        public void Add(object next) => _script.Enqueue(next);

        public ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default) => !_script.TryDequeue(out var next) ? ValueTask.FromResult<ConnectionContext?>(null)
            : next is Exception exception ? ValueTask.FromException<ConnectionContext?>(exception)
            : ValueTask.FromResult<ConnectionContext?>((ConnectionContext)next);

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default) => ValueTask.CompletedTask;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
