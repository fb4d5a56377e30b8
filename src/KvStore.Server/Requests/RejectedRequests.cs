using System.Buffers;
using System.Diagnostics;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace KvStore.Server;

/// <summary>
/// Gives a body to the requests that the web server refuses before any of our code runs: a malformed request line, a
/// header too many, a bad Host. Without it they are answered with a status and nothing else.
/// </summary>
/// <remarks>
/// The web server announces such a request to diagnostic listeners just before it writes its own empty answer. It
/// writes none when the response has started by then, so the problem is written here, at once. The web server has not
/// made a response stream at this point; it has the connection, and nobody else writes to it between two requests.
/// What cannot be explained so: a request that ends with its connection, and a frame of HTTP/2 that is malformed.
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

        var request = features.Get<IHttpRequestFeature>();
        var problem = ProblemOf(error, request?.Method ?? "", response.Headers.Allow);
        var text = problem.ToUtf8Json();
        response.StatusCode = problem.Status;
        response.Headers.Connection = "close";
        response.Headers.CacheControl = "no-store";
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers.ContentType = Problem.ContentType;
        response.Headers.ContentLength = text.Length;

        // The order matters because this writes the status line and the headers to the same output.
        var started = body.StartAsync();
        if (!started.IsCompletedSuccessfully)
            return;
        if (request is null || !HttpMethods.IsHead(request.Method))
            output.Write(text);
        Flush(output);
    }

    private static Problem ProblemOf(BadHttpRequestException error, string method, string? allowed) => error.StatusCode switch
    {
        StatusCodes.Status405MethodNotAllowed => Problems.MethodNotAllowed(method.Length > 0 ? method : "This method", allowed),

        // The web server means 505, which would count a client's mistake among the service's failures.
        StatusCodes.Status505HttpVersionNotsupported => Problems.MalformedRequest(DetailOf(error) + " HTTP/1.1 and HTTP/1.0 are understood."),
        _ => Problems.OfStatus(error.StatusCode, DetailOf(error)),
    };

    // The web server shows what it met only while its information is logged; otherwise it quotes nothing.
    private static string DetailOf(BadHttpRequestException error) => error.Message.Replace(": ''", "", StringComparison.Ordinal).TrimEnd('.') + ".";

    // Nobody can wait here. What a slow client has not taken by now, the connection sends while it closes.
    private static void Flush(PipeWriter output)
    {
        var flush = output.FlushAsync(CancellationToken.None);
        if (flush.IsCompleted)
#pragma warning disable RS0030 // It has completed, so nothing blocks.
            flush.GetAwaiter().GetResult();
#pragma warning restore RS0030
    }
}
