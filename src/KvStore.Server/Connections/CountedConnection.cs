using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace KvStore.Server;

/// <summary>An accepted connection that leaves its gate when it is closed, and sends by <see cref="SocketOutput"/>. Everything else is passed on.</summary>
internal sealed class CountedConnection : ConnectionContext, IConnectionTransportFeature
{
    private const int Counted = 1;

    private readonly ConnectionContext _connection;
    private readonly ConnectionGate _gate;
    private readonly AddressKey? _address;
    private readonly SocketOutput? _output;
    private int _state;

    /// <param name="connection">The connection of the web server's transport.</param>
    /// <param name="gate">What it leaves.</param>
    /// <param name="address">Where it is from.</param>
    /// <param name="output">Its sending half; null for that of the transport.</param>
    public CountedConnection(ConnectionContext connection, ConnectionGate gate, AddressKey? address, SocketOutput? output)
    {
        (_connection, _gate, _address, _output) = (connection, gate, address, output);
        Transport = output is null ? connection.Transport : new Duplex(connection.Transport.Input, output);
        connection.Features.Set<IConnectionTransportFeature>(this);
    }

    // The web server forgets some connections of HTTP/2 that reset requests as fast as they make them, instead of disposing of them.
    // The collector closes their sockets then, and without this they would be counted for good.
    ~CountedConnection() => Leave();

    /// <summary>Says that the gate has admitted the connection, so that it leaves once.</summary>
    public void Enter() => _state = Counted;

    public override string ConnectionId { get => _connection.ConnectionId; set => _connection.ConnectionId = value; }

    public override IFeatureCollection Features => _connection.Features;

    public override IDictionary<object, object?> Items { get => _connection.Items; set => _connection.Items = value; }

    public override IDuplexPipe Transport { get; set; }

    /// <summary>The socket, if what is written to the transport goes there as it is; null with TLS.</summary>
    public SocketOutput? PlainOutput => ReferenceEquals(Transport.Output, _output) ? _output : null;

    public override EndPoint? LocalEndPoint { get => _connection.LocalEndPoint; set => _connection.LocalEndPoint = value; }

    public override EndPoint? RemoteEndPoint { get => _connection.RemoteEndPoint; set => _connection.RemoteEndPoint = value; }

    public override CancellationToken ConnectionClosed { get => _connection.ConnectionClosed; set => _connection.ConnectionClosed = value; }

    public override void Abort(ConnectionAbortedException abortReason) => _connection.Abort(abortReason);

    public override void Abort() => _connection.Abort();

    public override async ValueTask DisposeAsync()
    {
        try
        {
            if (_output is not null)
                await _output.EndAsync().ConfigureAwait(false);
            await _connection.DisposeAsync().ConfigureAwait(false);
            await base.DisposeAsync().ConfigureAwait(false);
        }
        finally
        {
            Leave();
            GC.SuppressFinalize(this);
        }
    }

    // One that leaves twice would admit one too many for good.
    private void Leave()
    {
        if (Interlocked.Exchange(ref _state, 0) == Counted)
            _gate.Leave(_address);
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
