using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace KvStore.Server;

/// <summary>An accepted connection that leaves its gate when it is closed. Everything else is passed on.</summary>
internal sealed class CountedConnection(ConnectionContext connection, ConnectionGate gate, AddressKey? address) : ConnectionContext
{
    private const int Counted = 1;
    private int _state;

    // The web server forgets some connections of HTTP/2 that reset requests as fast as they make them, instead of disposing of them.
    // The collector closes their sockets then, and without this they would be counted for good.
    ~CountedConnection() => Leave();

    /// <summary>Says that the gate has admitted the connection, so that it leaves once.</summary>
    public void Enter() => _state = Counted;

    public override string ConnectionId { get => connection.ConnectionId; set => connection.ConnectionId = value; }

    public override IFeatureCollection Features => connection.Features;

    public override IDictionary<object, object?> Items { get => connection.Items; set => connection.Items = value; }

    public override IDuplexPipe Transport { get => connection.Transport; set => connection.Transport = value; }

    public override EndPoint? LocalEndPoint { get => connection.LocalEndPoint; set => connection.LocalEndPoint = value; }

    public override EndPoint? RemoteEndPoint { get => connection.RemoteEndPoint; set => connection.RemoteEndPoint = value; }

    public override CancellationToken ConnectionClosed { get => connection.ConnectionClosed; set => connection.ConnectionClosed = value; }

    public override void Abort(ConnectionAbortedException abortReason) => connection.Abort(abortReason);

    public override void Abort() => connection.Abort();

    public override async ValueTask DisposeAsync()
    {
        try
        {
            await connection.DisposeAsync().ConfigureAwait(false);
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
            gate.Leave(address);
    }
}
