
namespace KvStore.Server;

/// <summary>
/// Counts requests, and logs those that failed or were slow, and all of them when <see cref="KvStoreOptions.AccessLog"/> says so. Thread-safe.
/// </summary>
/// <remarks>
/// The path is logged and the query is not: the path is what a person needs to find the entry, while a query can hold
/// anything that a client put there by mistake, a credential for instance.
/// </remarks>
internal sealed class RequestLog : IDisposable
{
    private const int PathCharactersMax = 256;

    // An outage must not turn every request into a log line. What is over the limit is counted.
    private const int LinesMax = 100;
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(10);

    private readonly TimeProvider _time;
    private readonly RequestMetrics _metrics;
    private readonly ILogger _logger;
    private readonly long _slowTicks;
    private readonly bool _all;
    private static readonly object Lasting = new();

    private readonly LogWindow _refused;
    private readonly LogWindow _failed;

    public RequestLog(TimeProvider time, KvStoreOptions options, RequestMetrics metrics, ILoggerFactory loggers)
    {
        _time = time;
        _metrics = metrics;
        _logger = loggers.CreateLogger("KvStore.Server.Requests");
        _slowTicks = (long)(options.SlowRequestTime.TotalSeconds * time.TimestampFrequency);
        _all = options.AccessLog;
        _refused = new LogWindow(1, Window, time, count => _logger.RequestsRefused(count, Window.TotalSeconds));
        _failed = new LogWindow(LinesMax, Window, time, count => _logger.RequestsFailedToo(count, Window.TotalSeconds));
    }

    /// <summary>Says that the client wants the request to last, so that it is not called slow.</summary>
    public static void MayTakeLong(HttpContext context) => context.Items[Lasting] = Lasting;

    /// <summary>A timestamp for <see cref="Ended"/>.</summary>
    public long Now() => _time.GetTimestamp();

    /// <summary>Notes a request that has its answer. For most requests this is two comparisons and a few increments.</summary>
    public void Ended(HttpContext context, long startedAt)
    {
        var ticks = _time.GetTimestamp() - startedAt;
        _metrics.Add(context, ticks >= _slowTicks && IsLasting(context) ? null : ticks);
        if (context.Response.StatusCode >= StatusCodes.Status429TooManyRequests || ticks >= _slowTicks || _all)
            Log(context, ticks);
    }

    /// <summary>Notes a request that ended with an exception nobody expected: a bug.</summary>
    public void Threw(HttpContext context, long startedAt, Exception exception)
    {
        var ticks = _time.GetTimestamp() - startedAt;
        _metrics.Add(context, ticks);
        if (_failed.Admit())
            _logger.RequestThrew(exception, context.Request.Method, PathOf(context), Milliseconds(ticks));
    }

    /// <summary>
    /// The path as a person may be shown it: as the client sent it, because requests for entries are all routed by one path,
    /// but not too long, and without what a client might try on a terminal.
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

    /// <inheritdoc/>
    public void Dispose()
    {
        _refused.Dispose();
        _failed.Dispose();
    }

    private void Log(HttpContext context, long ticks)
    {
        var (status, milliseconds) = (context.Response.StatusCode, Milliseconds(ticks));
        if (status == StatusCodes.Status429TooManyRequests && _refused.Admit())
            _logger.RequestsRefused(1, Window.TotalSeconds);

        if (status >= StatusCodes.Status500InternalServerError)
        {
            if (_all || _failed.Admit())
                _logger.RequestFailed(context.Request.Method, PathOf(context), status, milliseconds);
        }
        else if (ticks >= _slowTicks && !IsLasting(context) && status < StatusCodes.Status499ClientClosedRequest)
        {
            if (_all || _failed.Admit())
                _logger.RequestSlow(context.Request.Method, PathOf(context), status, milliseconds);
        }
        else if (_all)
        {
            _logger.Request(context.Request.Method, PathOf(context), status, milliseconds);
        }
    }

    private static bool IsLasting(HttpContext context) => context.Items.ContainsKey(Lasting);

    private double Milliseconds(long ticks) => Math.Round(ticks * 1000.0 / _time.TimestampFrequency, 3);
}
