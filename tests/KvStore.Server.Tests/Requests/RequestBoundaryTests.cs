using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace KvStore.Server.Tests;

public sealed class RequestBoundaryTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("GET", "/nowhere", 404, "no-such-resource", null)]
    [InlineData("DELETE", "/nowhere", 404, "no-such-resource", null)]
    [InlineData("PUT", "/livez", 405, "method-not-allowed", "GET, HEAD, OPTIONS")]
    [InlineData("BREW", "/v1/status", 405, "method-not-allowed", "GET, HEAD, OPTIONS")]
    public async Task Invoke_RouterRejects_IsProblem(string method, string path, int status, string slug, string? allow)
    {
        await using var service = await KvServer.StartAsync();
        using var client = service.NewClient();
        using var response = await client.SendAsync(new HttpRequestMessage(new HttpMethod(method), path), Cancellation);
        using var problem = await ProblemOfAsync(response, status);
        Assert.Equal("/docs/http-api#" + slug, problem.RootElement.GetProperty("type").GetString());
        Assert.Equal(allow, response.Content.Headers.Allow.Count == 0 ? null : string.Join(", ", response.Content.Headers.Allow));
    }

    [Fact]
    public async Task Invoke_Head_HasNoBody()
    {
        await using var service = await KvServer.StartAsync();
        var answer = await service.ExchangeAsync("HEAD /nowhere HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 404 Not Found\r\n", answer, StringComparison.Ordinal);
        Assert.Contains("\r\nContent-Type: application/problem+json\r\n", answer, StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\n", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Invoke_NoMemory_Is503AndNextRequestIsServed()
    {
        var requests = 0;
        await using var service = await KvServer.StartAsync(new KvServerOptions
        {
            Handler = context => ++requests == 1 ? throw new InsufficientMemoryException("injected") : context.Response.WriteAsync("served"),
            Log = new LogLines(),
        });
        using var client = service.NewClient();
        using var response = await client.GetAsync("/throw", Cancellation);
        using var problem = await ProblemOfAsync(response, 503);
        Assert.EndsWith("#overloaded", problem.RootElement.GetProperty("type").GetString(), StringComparison.Ordinal);
        Assert.False(problem.RootElement.TryGetProperty("outcome", out _));
        Assert.NotNull(response.Headers.RetryAfter);
        Assert.Equal("injected", (await service.Log.WaitAsync(line => line.Level >= LogLevel.Error)).Exception?.Message);
        Assert.Equal("served", await client.GetStringAsync("/again", Cancellation));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Invoke_HandlerThrows_Is500LoggedOnce(bool atOnce)
    {
        await using var service = await KvServer.StartAsync(new KvServerOptions
        {
            Handler = async context =>
            {
                context.Response.Headers["X-Half-Done"] = "yes";
                if (!atOnce)
                    await Task.Yield();
                throw new InvalidOperationException("injected <secret>");
            },
            Log = new LogLines(),
        });
        using var client = service.NewClient();
        using var response = await client.GetAsync("/throw?secret=1", Cancellation);
        using var problem = await ProblemOfAsync(response, 500);
        Assert.DoesNotContain("injected", problem.RootElement.GetRawText(), StringComparison.Ordinal);
        Assert.False(response.Headers.Contains("X-Half-Done"));

        var line = await service.Log.WaitAsync(line => line.Level >= LogLevel.Error);
        Assert.StartsWith("GET (no route) failed after", line.Message, StringComparison.Ordinal);
        Assert.Equal("injected <secret>", line.Exception?.Message);
        Assert.Single(service.Log.All, line => line.Exception is not null || line.IsRequest);
    }

    [Fact]
    public async Task Invoke_HandlerThrowsAfterStart_ClosesConnection()
    {
        await using var service = await KvServer.StartAsync(new KvServerOptions
        {
            Handler = async context =>
            {
                await context.Response.WriteAsync("half");
                await context.Response.Body.FlushAsync();
                throw new InvalidOperationException("injected");
            },
            Log = new LogLines(),
        });
        var answer = await service.ExchangeAsync("GET /half HTTP/1.1\r\nHost: localhost\r\n\r\n");

        // The end of a chunked body is a chunk of no bytes.
        Assert.DoesNotContain("\r\n0\r\n\r\n", answer, StringComparison.Ordinal);
        await service.Log.WaitAsync(line => line.Level == LogLevel.Error);
        Assert.Single(service.Log.Errors);
    }

    [Fact]
    public async Task Invoke_BodyRejected_IsProblemWithoutLog()
    {
        await using var service = await KvServer.StartAsync(new KvServerOptions
        {
            Settings = { ["BodySilenceMax"] = "1s" },
            Handler = context => context.Request.Body.CopyToAsync(Stream.Null, context.RequestAborted),
            Log = new LogLines(),
        });
        var answer = await service.ExchangeAsync("POST /body HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n");
        Assert.StartsWith("HTTP/1.1 400 ", answer, StringComparison.Ordinal);
        Assert.Contains("/docs/http-api#malformed-request", answer, StringComparison.Ordinal);
        Assert.Contains("\r\nContent-Type: application/problem+json\r\n", answer, StringComparison.Ordinal);
        Assert.DoesNotContain(service.Log.All, line => line.IsRequest || line.Level >= LogLevel.Error);
    }

    [Fact]
    public async Task Invoke_BodyTooSlow_Is408()
    {
        await using var service = await KvServer.StartAsync(new KvServerOptions
        {
            Settings = { ["BodySilenceMax"] = "1s" },
            Handler = context => context.Request.Body.CopyToAsync(Stream.Null, context.RequestAborted),
            Log = new LogLines(),
        });
        var answer = await service.ExchangeAsync("POST /body HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nab");
        Assert.StartsWith("HTTP/1.1 408 ", answer, StringComparison.Ordinal);
        Assert.Contains("/docs/http-api#body-too-slow", answer, StringComparison.Ordinal);
        Assert.Empty(service.Log.Errors);
    }

    [Fact]
    public async Task Invoke_OneByteChunks_FitBodyLimit()
    {
        await using var service = await KvServer.StartAsync(new KvServerOptions
        {
            Settings = { ["ValueBytesMax"] = "65536" },
            Handler = async context =>
            {
                using var body = new MemoryStream();
                await context.Request.Body.CopyToAsync(body, context.RequestAborted);
                await context.Response.WriteAsync(body.Length.ToString(System.Globalization.CultureInfo.InvariantCulture));
            },
        });
        var chunks = new StringBuilder("POST /body HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n");
        for (var i = 0; i < 65_536; i++)
            chunks.Append("1\r\nx\r\n");
        var answer = await service.ExchangeAsync(chunks.Append("0\r\n\r\n").ToString());
        Assert.StartsWith("HTTP/1.1 200 OK", answer, StringComparison.Ordinal);
        Assert.Contains("\r\n65536\r\n", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Invoke_ClientDisconnectsInBody_IsNoError()
    {
        TaskCompletionSource arrived = new();
        TaskCompletionSource<Exception?> ended = new();
        await using var service = await KvServer.StartAsync(new KvServerOptions
        {
            Settings = { ["AccessLog"] = "true" },
            Handler = async context =>
            {
                arrived.SetResult();
                try
                {
                    await context.Request.Body.CopyToAsync(Stream.Null, CancellationToken.None);
                    ended.SetResult(null);
                }
                catch (Exception exception)
                {
                    ended.SetResult(exception);
                    throw;
                }
            },
            Log = new LogLines(),
        });
        foreach (var isReset in (bool[])[true, false])
        {
            arrived = new(TaskCreationOptions.RunContinuationsAsynchronously);
            ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
            using var connection = await service.SendAsync("POST /gone HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nab");

            // A reset may overtake the bytes before it.
            await arrived.Task.Within();
            if (isReset)
                connection.Reset();
            else
                connection.Dispose();
            Assert.NotNull(await ended.Task.Within());
            var line = await service.Log.WaitAsync(line => line.IsRequest);
            Assert.Matches(@"^POST \(no route\) (499|400) ", line.Message);

            // Kestrel may report that it could not drain the body, because the handler was still reading it.
            Assert.DoesNotContain(service.Log.Errors, error => error.Category.StartsWith("KvStore", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Invoke_ConnectionLostBeforeToken_IsNoError()
    {
        var lines = new LogLines();
        using var factory = LoggerFactory.Create(logging => logging.AddProvider(lines));
        using var log = new RequestLog(TimeProvider.System, new KvStoreOptions(), new RequestMetrics(Meters.Factory, TimeProvider.System), factory);
        foreach (var exception in (Exception[])[new ConnectionResetException("gone"), new TaskCanceledException("gone", new ConnectionAbortedException())])
        {
            var context = new DefaultHttpContext();
            await new RequestBoundary(_ => Task.FromException(exception), log, CancellationToken.None).InvokeAsync(context);
            Assert.Equal(StatusCodes.Status499ClientClosedRequest, context.Response.StatusCode);
        }

        Assert.Empty(lines.All);
    }

    [Fact]
    public async Task Invoke_AccessLog_OmitsQuery()
    {
        await using var service = await KvServer.StartAsync(new KvServerOptions { Settings = { ["AccessLog"] = "true" }, Log = new LogLines() });
        using var client = service.NewClient();
        using var response = await client.GetAsync("/livez?credential=abc", Cancellation);
        var line = await service.Log.WaitAsync(line => line.IsRequest);
        Assert.Equal(LogLevel.Information, line.Level);
        Assert.Matches("^GET /livez 200 [0-9.]+ ms: request [0-9A-Z]+:[0-9A-F]{8} of anyone at 127.0.0.1$", line.Message);
    }

    // Keys are data: a log has other readers, and is kept for longer.
    [Theory]
    [InlineData("false", "/v1/kv/{key}", "(no route)")]
    [InlineData("true", "/v1/kv/secret", "/v1/kvv/secret")]
    public async Task Invoke_LogPaths_DecidesWhetherKeysAreLogged(string isOn, string entryPath, string unroutedPath)
    {
        await using var service = await KvServer.StartAsync(new KvServerOptions { Settings = { ["AccessLog"] = "true", ["LogPaths"] = isOn }, Log = new LogLines() });
        (await service.Client.PutAsync("/v1/kv/secret", "secret")).Expect(201);
        (await service.Client.GetAsync("/v1/kvv/secret")).Expect(404);
        await service.Log.WaitAsync(line => line.IsRequest && line.Message.StartsWith($"PUT {entryPath} 201 ", StringComparison.Ordinal));
        await service.Log.WaitAsync(line => line.IsRequest && line.Message.StartsWith($"GET {unroutedPath} 404 ", StringComparison.Ordinal));
        Assert.Equal(isOn == "true", service.Log.All.Any(line => line.Message.Contains("secret", StringComparison.Ordinal)));
    }

    [Fact]
    public void Invoke_FastSuccess_AllocatesNothing()
    {
        using var log = new RequestLog(TimeProvider.System, new KvStoreOptions { SlowRequestTime = TimeSpan.FromHours(1) }, new RequestMetrics(Meters.Factory, TimeProvider.System), NullLoggerFactory.Instance);
        var boundary = new RequestBoundary(_ => Task.CompletedTask, log, CancellationToken.None);
        var context = new DefaultHttpContext();
        Assert.True(boundary.InvokeAsync(context).IsCompletedSuccessfully);

        Assert.Equal(0, Allocations.Of(() =>
        {
            for (var i = 0; i < 1000; i++)
                _ = boundary.InvokeAsync(context);
        }));
    }

    [Fact]
    public async Task Invoke_AnyRequest_CreatesNoActivity()
    {
        await using var service = await KvServer.StartAsync(new KvServerOptions
        {
            Settings = { ["Serilog:MinimumLevel:Default"] = "Information" },
            Handler = context => context.Response.WriteAsync(System.Diagnostics.Activity.Current is null ? "none" : "one"),
            Log = new LogLines(),
        });
        using var client = service.NewClient();
        Assert.Equal("none", await client.GetStringAsync("/activity", Cancellation));
    }

    internal static async Task<JsonDocument> ProblemOfAsync(HttpResponseMessage response, int status)
    {
        Assert.Equal((HttpStatusCode)status, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.ToString());
        var problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync(Cancellation));
        Assert.Equal(status, problem.RootElement.GetProperty("status").GetInt32());
        return problem;
    }
}
