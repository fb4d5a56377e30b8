using System.Diagnostics;

namespace KvStore.Server;

/// <summary>
/// Counts requests and logs those that failed or were slow; with <see cref="KvStoreOptions.AccessLog"/>, all of them. Thread-safe.
/// </summary>
/// <remarks>
/// Logs the route, and not what stands for its parameters: keys are data, and a log has more readers than a store. With
/// <see cref="KvStoreOptions.LogPaths"/> it logs the path, but never the query, into which a client may put a credential by mistake.
/// </remarks>
internal sealed class RequestLog : IDisposable
{
    private const int PathCharactersMax = 256;

    // What has no route may be a key beside the right path.
    private const string NoRoute = "(no route)";

    // In an outage, not every request becomes a log line; those above the limit are counted.
    private const int LinesMax = 100;
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(10);
    private static readonly object ClientPaced = new();
    private static readonly object Poll = new();

    private readonly TimeProvider _time;
    private readonly RequestMetrics _metrics;
    private readonly ILogger _logger;
    private readonly long _slowTicks;
    private readonly bool _all;
    private readonly bool _paths;

    private readonly LogWindow _rejected;
    private readonly LogWindow _failed;

    public RequestLog(TimeProvider time, KvStoreOptions options, RequestMetrics metrics, ILoggerFactory loggers)
    {
        _time = time;
        _metrics = metrics;
        _logger = loggers.CreateLogger("KvStore.Server.Requests");
        _slowTicks = (long)(options.SlowRequestTime.TotalSeconds * time.TimestampFrequency);
        _all = options.AccessLog;
        _paths = options.LogPaths;
        _rejected = new LogWindow(1, Window, time, count => _logger.RequestsRejected(count, Window.TotalSeconds));
        _failed = new LogWindow(LinesMax, Window, time, count => _logger.RequestsFailedToo(count, Window.TotalSeconds));
    }

    /// <summary>Marks a request that may last as long as its client wants: it is never slow, and its duration counts only if it was short.</summary>
    public static void MarkClientPaced(HttpContext context) => context.Items[ClientPaced] = ClientPaced;

    /// <summary>Marks a request that asks for a state again and again: 503 is one of its regular answers, and what is the matter is logged elsewhere.</summary>
    public static void MarkPoll(HttpContext context) => context.Items[Poll] = Poll;

    public long Now() => _time.GetTimestamp();

    /// <summary>Records a request that has its answer. For most requests this is two comparisons and a few increments.</summary>
    public void Ended(HttpContext context, long startedAt)
    {
        var ticks = _time.GetTimestamp() - startedAt;
        _metrics.Add(context, ticks >= _slowTicks && IsClientPaced(context) ? null : ticks);
        if (context.Response.StatusCode >= StatusCodes.Status429TooManyRequests || ticks >= _slowTicks || _all)
            Log(context, ticks);
    }

    /// <summary>Records a request that ended with an unexpected exception: a bug.</summary>
    public void Threw(HttpContext context, long startedAt, Exception exception)
    {
        var ticks = _time.GetTimestamp() - startedAt;
        _metrics.Add(context, ticks);
        if (!_failed.Admit())
            return;
        using var trace = BeginTrace(context);
        _logger.RequestThrew(exception, context.Request.Method, ShownPathOf(context), Milliseconds(ticks), context.TraceIdentifier, Access.Of(context).Name, ClientOf(context));
    }

    /// <summary>
    /// The path as the client sent it (all entries are routed by one path), shortened, and without control sequences for terminals.
    /// </summary>
    public static string PathOf(HttpContext context)
    {
        var path = RequestTarget.PathOf(context);
        var shown = path.Length <= PathCharactersMax ? path.ToString() : string.Concat(path[..PathCharactersMax], "...");
        return shown.AsSpan().ContainsAnyExceptInRange('!', '~')
            ? string.Create(shown.Length, shown, (safe, text) =>
            {
                for (var i = 0; i < safe.Length; i++)
                    safe[i] = text[i] is >= '!' and <= '~' ? text[i] : '?';
            })
            : shown;
    }

    public void Dispose()
    {
        _rejected.Dispose();
        _failed.Dispose();
    }

    private void Log(HttpContext context, long ticks)
    {
        var (status, milliseconds) = (context.Response.StatusCode, Milliseconds(ticks));
        if (status == StatusCodes.Status429TooManyRequests && _rejected.Admit())
            _logger.RequestsRejected(1, Window.TotalSeconds);

        var hasFailed = status >= StatusCodes.Status500InternalServerError && !(status == StatusCodes.Status503ServiceUnavailable && context.Items.ContainsKey(Poll));
        var isSlow = ticks >= _slowTicks && !IsClientPaced(context) && status < StatusCodes.Status499ClientClosedRequest;
        if (!_all && !((hasFailed || isSlow) && _failed.Admit()))
            return;

        using var trace = BeginTrace(context);
        var (method, path, request, principal, client) = (context.Request.Method, ShownPathOf(context), context.TraceIdentifier, Access.Of(context).Name, ClientOf(context));
        if (hasFailed)
            _logger.RequestFailed(method, path, status, milliseconds, request, principal, client);
        else if (isSlow)
            _logger.RequestSlow(method, path, status, milliseconds, request, principal, client);
        else
            _logger.Request(method, path, status, milliseconds, request, principal, client);
    }

    private string ShownPathOf(HttpContext context) =>
        _paths ? PathOf(context) : (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? NoRoute;

    // That of a trusted proxy's client.
    private static string ClientOf(HttpContext context) => context.Connection.RemoteIpAddress is not { } address ? "a socket"
        : (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString();

    // The line can be found by the client's trace, also where the service makes no spans of its own.
    private IDisposable? BeginTrace(HttpContext context) =>
        Activity.Current is null && ActivityContext.TryParse(context.Request.Headers.TraceParent, null, isRemote: true, out var caller)
            ? _logger.BeginScope(new KeyValuePair<string, object>[] { new("TraceId", caller.TraceId.ToHexString()), new("SpanId", caller.SpanId.ToHexString()) })
            : null;

    private static bool IsClientPaced(HttpContext context) => context.Items.ContainsKey(ClientPaced);

    private double Milliseconds(long ticks) => Math.Round(ticks * 1000.0 / _time.TimestampFrequency, 3);
}
