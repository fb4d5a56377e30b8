using System.IO.Pipelines;

namespace KvStore.Server;

/// <summary>
/// Reads a request's body as it comes, and does not wait for a client that has stopped sending: what the web server asks for is an average
/// over the whole body, which a client that was quick at first may live on for hours. Belongs to one request.
/// </summary>
/// <param name="body">The body.</param>
/// <param name="silenceMax">How long the client may send nothing while it is waited for.</param>
/// <param name="cancellationToken">Ends every wait.</param>
internal sealed class BodyReader(PipeReader body, TimeSpan silenceMax, CancellationToken cancellationToken) : IDisposable
{
    private readonly CancellationTokenSource _patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);

    /// <summary>Waits for more of the body.</summary>
    /// <exception cref="BadHttpRequestException">The client sent a malformed body, ended it early, or sent it too slowly.</exception>
    /// <exception cref="OperationCanceledException">The wait was cancelled.</exception>
    public async ValueTask<ReadResult> ReadAsync()
    {
        _patience.CancelAfter(silenceMax);
        try
        {
            return await body.ReadAsync(_patience.Token);
        }
        catch (OperationCanceledException exception) when (_patience.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new BadHttpRequestException("Nothing of the body came for too long.", StatusCodes.Status408RequestTimeout, exception);
        }
        catch (IOException exception) when (exception.InnerException is OverflowException)
        {
            // A chunk that says that it is larger than 2 GiB: the one malformed body that the web server calls no bad request.
            throw new BadHttpRequestException("Bad chunk size data.", StatusCodes.Status400BadRequest, exception);
        }
        finally
        {
            // What the service does between two reads is not the client's silence.
            _patience.CancelAfter(Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Says what of the last read was taken; see <see cref="PipeReader.AdvanceTo(SequencePosition, SequencePosition)"/>.</summary>
    public void AdvanceTo(SequencePosition consumed, SequencePosition examined) => body.AdvanceTo(consumed, examined);

    /// <summary>Says what of the last read was taken, and that there may be more in it.</summary>
    public void AdvanceTo(SequencePosition consumed) => body.AdvanceTo(consumed);

    /// <inheritdoc/>
    public void Dispose() => _patience.Dispose();
}
