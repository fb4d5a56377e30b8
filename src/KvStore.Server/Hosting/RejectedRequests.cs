using System.Buffers;
using System.Diagnostics;
using System.IO.Pipelines;
using KvStore.Server.Http;
using KvStore.Server.Logging;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace KvStore.Server.Hosting;

/// <summary>
/// Gives a body to the requests that the web server refuses before any of our code runs: a malformed request line, a
/// header too many, a bad Host. Without it they are answered with a status and nothing else.
/// </summary>
/// <remarks>
/// The web server announces such a request to diagnostic listeners just before it writes its own empty answer. It
/// writes none when the response has started by then, so the problem is written here, at once. The web server has not
/// made a response stream at this point; it has the connection, and nobody else writes to it between two requests.
/// </remarks>
internal sealed class RejectedRequests(DiagnosticListener listener, ILogger<RejectedRequests> logger) : IObserver<KeyValuePair<string, object?>>, IDisposable
{
    private const string EventName = "Microsoft.AspNetCore.Server.Kestrel.BadRequest";
    private IDisposable? _subscription;

    /// <summary>Starts answering. To every other event the subscription says no, so none of them is made.</summary>
    public void Subscribe() => _subscription = listener.Subscribe(this, static name => name == EventName);

    /// <inheritdoc/>
    public void Dispose() => _subscription?.Dispose();

    /// <inheritdoc/>
    public void OnCompleted()
    {
    }

    /// <inheritdoc/>
    public void OnError(Exception error)
    {
    }

    /// <inheritdoc/>
    public void OnNext(KeyValuePair<string, object?> value)
    {
        if (value.Key != EventName || value.Value is not IFeatureCollection features)
            return;

        try
        {
            Answer(features);
        }
        catch (Exception exception)
        {
            // The web server's own answer follows, so the client is told at least the status.
            logger.RejectionUnexplained(exception);
        }
    }

    private static void Answer(IFeatureCollection features)
    {
        if (features.Get<IBadRequestExceptionFeature>()?.Error is not BadHttpRequestException error ||
            features.Get<IHttpResponseFeature>() is not { HasStarted: false } response ||
            features.Get<IHttpResponseBodyFeature>() is not { } body ||
            features.Get<IConnectionTransportFeature>()?.Transport.Output is not { } output ||
            features.Get<IHttpRequestFeature>()?.Protocol.StartsWith("HTTP/2", StringComparison.Ordinal) == true)
            return;

        var problem = Problems.OfStatus(error.StatusCode, error.Message).ToUtf8Json();
        response.StatusCode = error.StatusCode;
        response.Headers.Connection = "close";
        response.Headers.CacheControl = "no-store";
        response.Headers.ContentType = Problem.ContentType;
        response.Headers.ContentLength = problem.Length;

        // The order matters because this writes the status line and the headers to the same output.
        var started = body.StartAsync();
        if (!started.IsCompletedSuccessfully)
            return;
        output.Write(problem);
        Flush(output);
    }

    // Nobody can wait here. What a slow client has not taken by now, the connection sends while it closes.
    private static void Flush(PipeWriter output)
    {
        var flush = output.FlushAsync(CancellationToken.None);
        if (flush.IsCompleted)
            flush.GetAwaiter().GetResult();
    }
}
