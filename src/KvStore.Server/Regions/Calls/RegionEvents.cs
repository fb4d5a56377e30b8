using System.Net.ServerSentEvents;

namespace KvStore.Server;

/// <summary>The events of a region's watch: one connection. Belongs to one thread at a time.</summary>
internal sealed class RegionEvents : IAsyncDisposable
{
    // Bookmarks come after 10 s of silence.
    private static readonly TimeSpan SilenceMax = TimeSpan.FromSeconds(30);

    private readonly HttpResponseMessage _response;
    private readonly CancellationTokenSource _silence;
    private readonly CancellationTokenSource _ending;
    private readonly BoundedStream _stream;
    private readonly IAsyncEnumerator<SseItem<string>> _items;

    public RegionEvents(HttpResponseMessage response, Stream stream, TimeProvider time, CancellationToken cancellationToken)
    {
        _response = response;
        _silence = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        _ending = CancellationTokenSource.CreateLinkedTokenSource(_silence.Token, cancellationToken);
        _stream = new BoundedStream(stream, _silence, SilenceMax);

        // The token of the reads closes the connection at once. Disposing of the response would first read what is still coming.
        _items = SseParser.Create(_stream).EnumerateAsync(_ending.Token).GetAsyncEnumerator(CancellationToken.None);
    }

    /// <summary>The next event; null if the connection has ended or is silent.</summary>
    /// <param name="cancellationToken">The token of the connection.</param>
    /// <exception cref="InvalidDataException">The event is too large.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async ValueTask<SseItem<string>?> ReadAsync(CancellationToken cancellationToken)
    {
        _stream.BeginEvent();
        try
        {
            return await _items.MoveNextAsync() ? _items.Current : null;
        }
        catch (Exception exception) when (exception is IOException or HttpRequestException or ObjectDisposedException or OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _items.DisposeAsync();
        _response.Dispose();
        _ending.Dispose();
        _silence.Dispose();
    }

    /// <summary>Bounds how long the bytes pause while they are waited for, and how many belong to one event.</summary>
    private sealed class BoundedStream(Stream inner, CancellationTokenSource silence, TimeSpan silenceMax) : Stream
    {
        // An event names every key that a commit changed.
        private const long EventBytesMax = 16 << 20;

        private long _bytes;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public void BeginEvent() => _bytes = 0;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            silence.CancelAfter(silenceMax);
            var read = await inner.ReadAsync(buffer, cancellationToken);
            silence.CancelAfter(Timeout.InfiniteTimeSpan);
            _bytes += read;
            return _bytes <= EventBytesMax ? read : throw new InvalidDataException($"An event has more than {EventBytesMax} bytes.");
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
