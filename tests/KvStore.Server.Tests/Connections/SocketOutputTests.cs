using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Connections;

namespace KvStore.Server.Tests;

/// <summary>The sending half of a connection: everything in order, once, and without another thread while the client receives.</summary>
public sealed class SocketOutputTests : IAsyncLifetime
{
    private const int BytesMax = 64 * 1024;

    private readonly Pipe _transport = new();
    private readonly FakeConnection _connection = new();
    private Socket _client = null!;
    private Socket _server = null!;
    private SocketOutput _output = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        using var listener = new Socket(SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        _client = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        await _client.ConnectAsync(listener.LocalEndPoint!, Cancellation);
        _server = await listener.AcceptAsync(Cancellation);
        _server.SendBufferSize = 4096;
        _connection.Transport = new Duplex(_transport.Reader, _transport.Writer);
        _output = new SocketOutput(_connection, _server, MemoryPool<byte>.Shared, BytesMax);
    }

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        _server.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public void FlushAsync_ClientReceives_HasSentWhenItReturns()
    {
        _output.Write("one"u8);
        _output.Write(" two"u8);
        Assert.Equal(0, _client.Available);
        Assert.True(_output.FlushAsync(Cancellation).AsTask().IsCompletedSuccessfully);
        Assert.Equal("one two"u8.ToArray(), Receive(7));
        Assert.True(_output.TrySend(Segment("three"u8), out var sending));
        Assert.True(sending.IsCompletedSuccessfully);
        Assert.Equal("three"u8.ToArray(), Receive(5));
    }

    [Fact]
    public async Task FlushAsync_ClientDoesNotReceive_WaitsAtTheBoundAndResumes()
    {
        var expected = new List<byte>();
        var flushing = Fill(expected);
        Assert.False(_output.TrySend(Segment("late"u8), out _));
        var received = ReceiveAsync(expected.Count);
        Assert.False((await flushing.Within()).IsCompleted);
        Assert.Equal(expected, await received.Within());
    }

    // The web server keeps memory that it has asked for, and asks for some of any size before it says how much of it is written.
    [Theory]
    [InlineData(0, 1)]
    [InlineData(0, 5000)]
    [InlineData(100, 1)]
    [InlineData(100, 5000)]
    [InlineData(4096, 1)]
    public void GetMemory_NothingWrittenSince_IsTheSame(int written, int sizeHint)
    {
        _output.Write(new byte[written]);
        var memory = _output.GetMemory(sizeHint);
        var span = _output.GetSpan();
        "the end"u8.CopyTo(memory.Span);
        Assert.True(memory.Span == span);
        Assert.Equal(written, _output.UnflushedBytes);
        _output.Advance(7);
        Assert.True(_output.FlushAsync(Cancellation).AsTask().IsCompletedSuccessfully);
        Assert.Equal("the end"u8.ToArray(), Receive(written + 7)[written..]);
    }

    // The order of bytes is that of the calls, whatever they have to wait for.
    [Fact]
    public async Task SendAndFlush_AtRandomWithASlowClient_KeepTheOrder()
    {
        var random = Seed.NewRandom();
        var expected = new List<byte>();
        var receiving = Task.Run(() => ReceiveToEnd(random.Next()), Cancellation);
        for (var i = 0; i < 300; i++)
        {
            var bytes = new byte[random.Next(1, random.Next(2) == 0 ? 200 : 40_000)];
            random.NextBytes(bytes);
            if (random.Next(2) == 0 && _output.TrySend(bytes, out var sending))
            {
                await sending.Within();
            }
            else
            {
                _output.Write(bytes);
                await _output.FlushAsync(Cancellation).AsTask().Within();
            }

            expected.AddRange(bytes);
        }

        await _output.EndAsync().AsTask().Within();
        _server.Shutdown(SocketShutdown.Send);
        Assert.Equal(expected, await receiving.Within());
    }

    // The web server's transport closes the socket as soon as its own output is completed.
    [Fact]
    public async Task EndAsync_SomeIsNotSent_EndsTheTransportAfterIt()
    {
        var expected = new List<byte>();
        var flushing = Fill(expected);
        var ending = _output.EndAsync().AsTask();
        var transport = _transport.Reader.ReadAsync(Cancellation).AsTask();
        Assert.Equal((false, false), (ending.IsCompleted, transport.IsCompleted));
        Assert.Equal(expected, await ReceiveAsync(expected.Count).Within());
        await ending.Within();
        Assert.True((await transport.Within()).IsCompleted);
        await flushing.Within();
    }

    [Fact]
    public async Task FlushAsync_ClientIsGone_IsCompletedAndAborts()
    {
        var flushing = Fill([]);
        _client.LingerState = new LingerOption(true, 0);
        _client.Close();
        Assert.True((await flushing.Within()).IsCompleted);
        Assert.True(_connection.IsAborted);
        Assert.True((await _transport.Reader.ReadAsync(Cancellation).AsTask().Within()).IsCompleted);
        Assert.False(_output.TrySend(Segment("late"u8), out _));
        await _output.EndAsync().AsTask().Within();
    }

    [Fact]
    public async Task TrySend_ClientIsGone_FailsAndAborts()
    {
        var large = new byte[64 << 20];
        Assert.True(_output.TrySend(large, out var sending));
        Assert.False(sending.IsCompleted);
        _client.LingerState = new LingerOption(true, 0);
        _client.Close();
        await Assert.ThrowsAsync<ConnectionAbortedException>(() => sending.Within());
        Assert.True(_connection.IsAborted);
        Assert.True((await _output.FlushAsync(Cancellation).AsTask().Within()).IsCompleted);
        await _output.EndAsync().AsTask().Within();
    }

    // An idle connection must not keep what it sent last: it is charged to nothing, and many connections are idle.
    [Fact]
    public void TrySend_Sent_IsReleasedByTheConnection()
    {
        var sent = SendAndForget();
        GC.Collect();
        Assert.False(sent.IsAlive);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private WeakReference SendAndForget()
    {
        var bytes = new byte[10];
        Assert.True(_output.TrySend(bytes, out var sending));
        Assert.True(sending.IsCompletedSuccessfully);
        return new WeakReference(bytes);
    }

    // Writes until a flush waits for the client.
    private Task<FlushResult> Fill(List<byte> expected)
    {
        for (byte i = 0; ; i++)
        {
            var bytes = new byte[20_000];
            Array.Fill(bytes, i);
            _output.Write(bytes);
            expected.AddRange(bytes);
            var flushing = _output.FlushAsync(Cancellation).AsTask();
            if (!flushing.IsCompleted)
                return flushing;
        }
    }

    private byte[] Receive(int count)
    {
        var bytes = new byte[count];
        for (var received = 0; received < count;)
            received += _client.Receive(bytes.AsSpan(received));
        return bytes;
    }

    private Task<byte[]> ReceiveAsync(int count) => Task.Run(() => Receive(count), Cancellation);

    private List<byte> ReceiveToEnd(int seed)
    {
        var random = new Random(seed);
        var all = new List<byte>();
        var buffer = new byte[32 * 1024];
        while (_client.Receive(buffer.AsSpan(0, random.Next(1, buffer.Length))) is > 0 and var count)
            all.AddRange(buffer.AsSpan(0, count));
        return all;
    }

    private static ArraySegment<byte> Segment(ReadOnlySpan<byte> bytes) => bytes.ToArray();

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    private sealed class FakeConnection : DefaultConnectionContext
    {
        public bool IsAborted { get; private set; }

        public override void Abort(ConnectionAbortedException abortReason) => IsAborted = true;
    }
}
