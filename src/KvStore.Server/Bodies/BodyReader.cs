using System.Diagnostics;
using System.IO.Pipelines;

namespace KvStore.Server;

/// <summary>
/// Reads a request's body as it arrives and gives up on a client that sends too slowly. The web server's minimum data rate is an average over
/// the whole body, which a client that was fast at first meets for hours of silence. Belongs to one request.
/// </summary>
/// <param name="body">The body.</param>
/// <param name="options">How long the service waits for the client.</param>
/// <param name="cancellationToken">Ends every wait.</param>
internal sealed class BodyReader(PipeReader body, KvStoreOptions options, CancellationToken cancellationToken) : IDisposable
{
    private readonly CancellationTokenSource _silence = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
    private ClientPatience _patience = new(options);
    private ReadOnlySequence<byte> _buffer;

    // Of the last read.
    private long _unconsumed;

    /// <exception cref="BadHttpRequestException">The client sent a malformed body, ended it early, or sent it too slowly.</exception>
    /// <exception cref="OperationCanceledException">The wait was cancelled.</exception>
    public async ValueTask<ReadResult> ReadAsync()
    {
        // The time between two reads is the service's, not the client's.
        var startedAt = Stopwatch.GetTimestamp();
        try
        {
            var reading = body.ReadAsync(_silence.Token);
            if (!reading.IsCompleted)
                _silence.CancelAfter(_patience.Left);
            var read = await reading;
            _buffer = read.Buffer;
            _patience.Record(Stopwatch.GetElapsedTime(startedAt), _buffer.Length - _unconsumed);
            return read;
        }
        catch (OperationCanceledException exception) when (_silence.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new BadHttpRequestException("The body stopped arriving.", StatusCodes.Status408RequestTimeout, exception);
        }
        catch (IOException exception) when (exception.InnerException is OverflowException)
        {
            // A chunk that claims more than 2 GiB: one of two malformed bodies for which the web server throws no BadHttpRequestException.
            throw new BadHttpRequestException("Bad chunk size data.", StatusCodes.Status400BadRequest, exception);
        }
        catch (InvalidOperationException exception)
        {
            // The other one: a trailer field with a character that no header may have.
            throw new BadHttpRequestException("A trailer field of the body is malformed.", StatusCodes.Status400BadRequest, exception);
        }
        finally
        {
            _silence.CancelAfter(Timeout.InfiniteTimeSpan);
        }
    }

    /// <inheritdoc cref="PipeReader.AdvanceTo(SequencePosition, SequencePosition)"/>
    public void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        _unconsumed = _buffer.Slice(consumed).Length;
        _buffer = default;
        body.AdvanceTo(consumed, examined);
    }

    /// <inheritdoc cref="PipeReader.AdvanceTo(SequencePosition)"/>
    public void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public void Dispose() => _silence.Dispose();
}
