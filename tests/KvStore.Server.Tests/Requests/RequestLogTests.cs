using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace KvStore.Server.Tests;

public sealed class RequestLogTests
{
    [Fact]
    public void Ended_ByStatusAndDuration_LogsSlowAndFailed()
    {
        var (time, lines) = (new FakeTimeProvider(), new LogLines());
        using var factory = LoggerFactory.Create(logging => logging.AddProvider(lines));
        using (var log = new RequestLog(time, new KvStoreOptions(), new RequestMetrics(Meters.Factory, time), factory))
        {
            End(log, time, 200, 0);
            End(log, time, 404, 499);
            End(log, time, 499, 9999);
            Assert.Empty(lines.All);

            End(log, time, 200, 500);
            End(log, time, 503, 1);
            Assert.Equal(["GET (no route) was slow, 200 after 500 ms: request r of anyone at a socket", "GET (no route) answered 503 after 1 ms: request r of anyone at a socket"], lines.All.Select(line => line.Message));

            for (var i = 0; i < 1000; i++)
                End(log, time, 429, 1);
            Assert.Equal(3, lines.All.Count);
        }

        Assert.Equal("999 requests were rejected with 429 in the last 10 s: clients write faster than the store commits", lines.All[^1].Message);
    }

    // What is the matter is logged once, where it happens.
    [Theory]
    [InlineData(503, false, null)]
    [InlineData(503, true, LogLevel.Information)]
    [InlineData(500, false, LogLevel.Warning)]
    public void Ended_Poll_LogsNoUnavailability(int status, bool accessLog, LogLevel? level)
    {
        var (time, lines) = (new FakeTimeProvider(), new LogLines());
        using var factory = LoggerFactory.Create(logging => logging.AddProvider(lines));
        using var log = new RequestLog(time, new KvStoreOptions { AccessLog = accessLog }, new RequestMetrics(Meters.Factory, time), factory);
        End(log, time, status, 0, RequestLog.MarkPoll);
        Assert.Equal(level is null ? [] : [level.Value], lines.All.Select(line => line.Level));
    }

    private static void End(RequestLog log, FakeTimeProvider time, int status, int milliseconds, Action<HttpContext>? mark = null)
    {
        var startedAt = log.Now();
        time.Advance(TimeSpan.FromMilliseconds(milliseconds));
        var context = new DefaultHttpContext { TraceIdentifier = "r", Request = { Method = "GET", Path = "/p" }, Response = { StatusCode = status } };
        context.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpRequestFeature>()!.RawTarget = "/p?q=1";
        mark?.Invoke(context);
        log.Ended(context, startedAt);
    }
}
