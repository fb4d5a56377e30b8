using System.IO.Pipelines;

namespace KvStore.Server;

/// <summary>
/// Reads a request's body as it arrives and gives up on a client that stops sending. The web server's minimum data rate is an average over
/// the whole body, which a client that was fast at first meets for hours of silence. Belongs to one request.
/// </summary>
/// <param name="body">The body.</param>
/// <param name="silenceMax">How long one read may wait for the client.</param>
/// <param name="cancellationToken">Ends every wait.</param>
internal sealed class BodyReader(PipeReader body, TimeSpan silenceMax, CancellationToken cancellationToken) : IDisposable
{
    private readonly CancellationTokenSource _silence = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);

    /// <exception cref="BadHttpRequestException">The client sent a malformed body, ended it early, or sent it too slowly.</exception>
    /// <exception cref="OperationCanceledException">The wait was cancelled.</exception>
    public async ValueTask<ReadResult> ReadAsync()
    {
        _silence.CancelAfter(silenceMax);
        try
        {
            return await body.ReadAsync(_silence.Token);
        }
        catch (OperationCanceledException exception) when (_silence.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new BadHttpRequestException("The body stopped arriving.", StatusCodes.Status408RequestTimeout, exception);
        }
        catch (IOException exception) when (exception.InnerException is OverflowException)
        {
            // A chunk that claims more than 2 GiB is the one malformed body for which the web server throws no BadHttpRequestException.
            throw new BadHttpRequestException("Bad chunk size data.", StatusCodes.Status400BadRequest, exception);
        }
        finally
        {
            // The time between two reads is the service's, not the client's.
            _silence.CancelAfter(Timeout.InfiniteTimeSpan);
        }
    }

    /// <inheritdoc cref="PipeReader.AdvanceTo(SequencePosition, SequencePosition)"/>
    public void AdvanceTo(SequencePosition consumed, SequencePosition examined) => body.AdvanceTo(consumed, examined);

    /// <inheritdoc cref="PipeReader.AdvanceTo(SequencePosition)"/>
    public void AdvanceTo(SequencePosition consumed) => body.AdvanceTo(consumed);

    public void Dispose() => _silence.Dispose();
}
