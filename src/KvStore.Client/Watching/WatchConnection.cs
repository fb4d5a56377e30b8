using System.Net.ServerSentEvents;

namespace KvStore.Client;

/// <summary>One connection of a watch. Belongs to one thread at a time.</summary>
internal sealed class WatchConnection : IAsyncDisposable
{
    private readonly HttpResponseMessage _response;
    private readonly CancellationTokenSource _silence;
    private readonly CancellationTokenSource _ending;
    private readonly WatchStream _stream;
    private readonly IAsyncEnumerator<SseItem<string>> _items;

    public WatchConnection(Answer answer, Stream stream, KvStoreClientOptions options, CancellationToken cancellationToken)
    {
        _response = answer.Response;
        Revision = answer.Revision;
        _silence = new CancellationTokenSource(Timeout.InfiniteTimeSpan, options.TimeProvider);
        _ending = CancellationTokenSource.CreateLinkedTokenSource(_silence.Token, cancellationToken);
        _stream = new WatchStream(stream, _silence, options.WatchSilenceMax, options.ResponseBytesMax);

        // The token of the reads closes the connection at once. Disposing the response would first read what is still coming.
        _items = SseParser.Create(_stream).EnumerateAsync(_ending.Token).GetAsyncEnumerator(CancellationToken.None);
    }

    /// <summary>The revision of the store when the watch began.</summary>
    public KvRevision Revision { get; }

    /// <summary>The next event; null if the connection ended or was silent for too long.</summary>
    /// <param name="cancellationToken">The token of the connection.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task<SseItem<string>?> ReadAsync(CancellationToken cancellationToken)
    {
        _stream.BeginEvent();
        try
        {
            return await _items.MoveNextAsync().ConfigureAwait(false) ? _items.Current : null;
        }
        catch (Exception exception) when (exception is IOException or HttpRequestException or ObjectDisposedException or OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _items.DisposeAsync().ConfigureAwait(false);
        _response.Dispose();
        _ending.Dispose();
        _silence.Dispose();
    }
}

/// <summary>The lines of a batch that is streamed. Belongs to one thread at a time.</summary>
internal sealed class LineConnection : IAsyncDisposable
{
    private readonly Answer _answer;
    private readonly CancellationTokenSource _silence;
    private readonly CancellationTokenSource _ending;
    private readonly WatchStream _stream;
    private readonly StreamReader _lines;

    public LineConnection(Answer answer, Stream stream, KvStoreClientOptions options, TimeSpan wait, CancellationToken cancellationToken)
    {
        _answer = answer;
        _silence = new CancellationTokenSource(Timeout.InfiniteTimeSpan, options.TimeProvider);
        _ending = CancellationTokenSource.CreateLinkedTokenSource(_silence.Token, cancellationToken);
        _stream = new WatchStream(stream, _silence, options.AttemptTimeout == Timeout.InfiniteTimeSpan ? Timeout.InfiniteTimeSpan : options.AttemptTimeout + wait, options.ResponseBytesMax);
        _lines = new StreamReader(_stream);
    }

    /// <summary>The next part.</summary>
    /// <param name="cancellationToken">The token of the connection.</param>
    /// <exception cref="KvStoreException">The stream has ended, or is not one of KvStore.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task<KvBatchPart> ReadAsync(CancellationToken cancellationToken)
    {
        _stream.BeginEvent();
        try
        {
            if (await _lines.ReadLineAsync(_ending.Token).ConfigureAwait(false) is not { } text)
                throw Broken(null);
            var line = JsonSerializer.Deserialize(text, Wire.Default.WireLine) ?? throw new JsonException("It is null.");
            return line.Key is null
                ? new KvBatchPart.Ended(WireBatch.Rest(line.Missing, line.Pending, line.Errors))
                : new KvBatchPart.Entry(JsonSerializer.Deserialize(text, Wire.Default.WireItem)!.ToEntry(_answer.Revision));
        }
        catch (JsonException exception)
        {
            throw new KvStoreException($"This version of the client cannot read a line of the batch. {exception.Message}", null, KvOutcome.NotApplied, exception);
        }
        catch (Exception exception) when (exception is IOException or HttpRequestException or ObjectDisposedException or OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw Broken(exception);
        }
    }

    public ValueTask DisposeAsync()
    {
        _answer.Response.Dispose();
        _lines.Dispose();
        _ending.Dispose();
        _silence.Dispose();
        return ValueTask.CompletedTask;
    }

    private static KvStoreException Broken(Exception? inner) => new("The stream of the batch ended before its last line. Read the keys that are missing again.", null, KvOutcome.NotApplied, inner);
}

/// <summary>The bytes of a watch: it bounds how long they pause, and how many belong to one event. The service's comments count as bytes, so they end a pause.</summary>
internal sealed class WatchStream(Stream inner, CancellationTokenSource silence, TimeSpan silenceMax, int eventBytesMax) : Stream
{
    private long _bytes;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public void BeginEvent() => _bytes = 0;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        // Only while it waits: the time that the caller takes for an event is no silence.
        silence.CancelAfter(silenceMax);
        var read = await inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        silence.CancelAfter(Timeout.InfiniteTimeSpan);
        _bytes += read;
        return _bytes <= eventBytesMax
            ? read
            : throw new KvStoreException($"A part of the answer is larger than ResponseBytesMax, {eventBytesMax} bytes. Watch without values, or raise it.", null, KvOutcome.NotApplied);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush() => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
