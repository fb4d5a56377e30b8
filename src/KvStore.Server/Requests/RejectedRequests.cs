using System.Diagnostics;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace KvStore.Server;

/// <summary>
/// Gives a body to requests that the web server rejects before any middleware runs: a malformed request line, too many
/// headers, a bad Host. Without it the answer is a bare status.
/// </summary>
/// <remarks>
/// The web server announces such a request to diagnostic listeners just before it writes its own empty answer, and writes
/// none if the response has started by then. There is no response stream yet, so the problem is written to the connection,
/// which has no other writer between two requests. Two cases stay unexplained: a request that ends with its connection, and
/// a malformed frame of HTTP/2.
/// </remarks>
internal sealed class RejectedRequests(DiagnosticListener listener, KvStoreOptions options, TimeProvider time, ILogger<RejectedRequests> logger) : IObserver<KeyValuePair<string, object?>>, IDisposable
{
    private const string EventName = "Microsoft.AspNetCore.Server.Kestrel.BadRequest";
    private const string InvalidHeader = "Invalid request header";
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(10);

    private readonly LogWindow _unexplained = new(1, Window, time, count => logger.RejectionsUnexplained(count, Window.TotalSeconds));
    private IDisposable? _subscription;

    /// <summary>Subscribes to this one event, so that the web server creates no others.</summary>
    public void Subscribe() => _subscription = listener.Subscribe(this, static name => name == EventName);

    public void Dispose()
    {
        _subscription?.Dispose();
        _unexplained.Dispose();
    }

    public void OnCompleted()
    {
    }

    public void OnError(Exception error)
    {
    }

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
            // The web server's own answer follows, so the client still gets the status.
            if (_unexplained.Admit())
                logger.RejectionUnexplained(exception);
        }
    }

    private void Answer(IFeatureCollection features)
    {
        if (features.Get<IBadRequestExceptionFeature>()?.Error is not BadHttpRequestException error ||
            features.Get<IHttpResponseFeature>() is not { HasStarted: false } response ||
            features.Get<IHttpResponseBodyFeature>() is not { } body ||
            features.Get<IConnectionTransportFeature>()?.Transport.Output is not { } output ||
            features.Get<IHttpRequestFeature>()?.Protocol.StartsWith("HTTP/2", StringComparison.Ordinal) == true)
            return;

        var request = features.Get<IHttpRequestFeature>();
        var problem = ProblemOf(error, request?.Method ?? "", response.Headers.Allow);
        var text = problem.ToBody(options.PathBase.TrimEnd('/'));
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
        StatusCodes.Status405MethodNotAllowed => Problems.MethodNotAllowed(method.Length > 0 ? method : "of this request", allowed),

        // The web server's 505 would count a client's mistake among the service's failures.
        StatusCodes.Status505HttpVersionNotsupported => Problems.MalformedRequest(DetailOf(error) + " HTTP/1.1 and HTTP/1.0 are understood."),
        _ => Problems.OfStatus(error.StatusCode, DetailOf(error) + CureOf(error)),
    };

    private static string CureOf(BadHttpRequestException error) => error.Message switch
    {
        var text when text.StartsWith("Invalid request target", StringComparison.Ordinal) => " Percent-encode the UTF-8 bytes of everything outside ASCII: é is %C3%A9. %00 is not accepted.",
        var text when text.StartsWith("Invalid request line", StringComparison.Ordinal) => " A target has no spaces: write one as %20.",
        var text when text.StartsWith("Request line too long", StringComparison.Ordinal) => " Shorten the query, or the key: one of at most KvStore:KeyBytesMax bytes fits.",
        var text when text.StartsWith("Request headers too long", StringComparison.Ordinal) => " Send shorter headers, or raise KvStore:HeadersBytesMax.",
        var text when text.StartsWith("Request contains too many headers", StringComparison.Ordinal) => " Send fewer of them.",
        var text when text.StartsWith(InvalidHeader, StringComparison.Ordinal) => " A header is a name, a colon right after it, and a value, all on one line.",
        var text when text.StartsWith("Malformed request: invalid headers", StringComparison.Ordinal) => " A header is text in UTF-8, without control characters.",
        _ => "",
    };

    // The web server quotes the request only if its log level is Information. A header that it cannot read may have a credential, and answers to bad requests are kept.
    private static string DetailOf(BadHttpRequestException error) => error.Message.StartsWith(InvalidHeader, StringComparison.Ordinal) ? InvalidHeader + "." : error.Message.Replace(": ''", "", StringComparison.Ordinal).TrimEnd('.') + ".";

    // The callback is synchronous. The connection sends what a slow client has not read yet while it closes.
    private static void Flush(PipeWriter output)
    {
        var flush = output.FlushAsync(CancellationToken.None);
        if (flush.IsCompleted)
#pragma warning disable RS0030 // It has completed, so nothing blocks.
            flush.GetAwaiter().GetResult();
#pragma warning restore RS0030
    }
}
