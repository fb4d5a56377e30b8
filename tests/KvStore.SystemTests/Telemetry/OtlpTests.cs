using System.Net;
using System.Text;

namespace KvStore.SystemTests;

/// <summary>Metrics and traces as a collector gets them, and what of them is in the log.</summary>
public sealed class OtlpTests
{
    private const string Trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    private const string LoadTrace = "5cf92f3577b34da6a3ce929d0e0e4737";

    [Fact]
    public async Task Collector_OfStandardVariables_GetsMetricsAndSpansWithoutKeys()
    {
        using var collector = new HttpListener();
        var port = StartOnFreePort(collector);
        await using var server = await ServerProcess.Launch(["--urls", "http://127.0.0.1:0", "--KvStore:AccessLog", "true", .. UnreachableOrigin], (IEnumerable<(string, string)>)
        [
            ("OTEL_EXPORTER_OTLP_ENDPOINT", $"http://127.0.0.1:{port}"), ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
            ("OTEL_METRIC_EXPORT_INTERVAL", "200"), ("OTEL_BSP_SCHEDULE_DELAY", "100"), ("OTEL_SERVICE_NAME", "otlp-test"),
        ]).WhenReadyAsync();
        using var client = new HttpClient { BaseAddress = server.Address };
        using var put = new HttpRequestMessage(HttpMethod.Put, "/v1/kv/secret-key?ttl=60") { Content = new StringContent("secret-value") };
        put.Headers.Add("traceparent", $"00-{Trace}-00f067aa0ba902b7-01");
        using (var response = await client.SendAsync(put, TestContext.Current.CancellationToken))
            Assert.Equal(HttpStatusCode.Created, response.StatusCode);

        using var get = new HttpRequestMessage(HttpMethod.Get, "/v1/kv/rates/secret-key");
        get.Headers.Add("traceparent", $"00-{LoadTrace}-00f067aa0ba902b7-01");
        using (var response = await client.SendAsync(get, TestContext.Current.CancellationToken))
            Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);

        // Protobuf has texts as they are, and a trace id as its bytes.
        var trace = Encoding.Latin1.GetString(Convert.FromHexString(Trace));
        string[] wanted = ["kvstore.queue.wait", "http.server.request.duration", "otlp-test", "PUT /v1/kv/{key}", "commit", "kvstore.batch.operations", "kvstore.origin.calls", "kvstore.load.keys", trace];

        // The span of the request, and that of the load that it caused.
        var loadTrace = Encoding.Latin1.GetString(Convert.FromHexString(LoadTrace));
        var received = new StringBuilder();
        while (!wanted.All(text => received.ToString().Contains(text, StringComparison.Ordinal)) || received.ToString().Split(loadTrace).Length < 3)
            received.Append(await ReceiveAsync(collector));
        Assert.DoesNotContain("secret", received.ToString(), StringComparison.Ordinal);

        var line = await server.WaitForLineAsync(line => line.Contains("PUT /v1/kv/{key} 201", StringComparison.Ordinal));
        Assert.Contains($"\"TraceId\":\"{Trace}\",\"SpanId\":\"", line, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", server.Output.ToString(), StringComparison.Ordinal);
    }

    // The client's trace is in the log also when the service makes no spans.
    [Fact]
    public async Task Log_RequestWithTraceContext_HasItsTrace()
    {
        await using var server = await ServerProcess.StartAsync(("AccessLog", "true"));
        using var client = new HttpClient { BaseAddress = server.Address };
        using var get = new HttpRequestMessage(HttpMethod.Get, "/v1/kv/absent");
        get.Headers.Add("traceparent", $"00-{Trace}-00f067aa0ba902b7-01");
        using (await client.SendAsync(get, TestContext.Current.CancellationToken))
        {
        }

        var line = await server.WaitForLineAsync(line => line.Contains("GET /v1/kv/{key} 404", StringComparison.Ordinal));
        Assert.Contains($"\"TraceId\":\"{Trace}\",\"SpanId\":\"00f067aa0ba902b7\"", line, StringComparison.Ordinal);
        Assert.Contains("\"Client\":\"127.0.0.1\"", line, StringComparison.Ordinal);
    }

    // Nothing answers at port 1.
    private static string[] UnreachableOrigin => ["--KvStore:Origins:acme:Prefix", "rates/", "--KvStore:Origins:acme:Http:Url", "http://127.0.0.1:1/{key}", "--KvStore:Origins:acme:Calls:AttemptsMax", "1"];

    private static async Task<string> ReceiveAsync(HttpListener collector)
    {
        var context = await collector.GetContextAsync().Within();
        using var body = new MemoryStream();
        await context.Request.InputStream.CopyToAsync(body, TestContext.Current.CancellationToken);
        context.Response.ContentType = "application/x-protobuf";
        context.Response.Close();
        return Encoding.Latin1.GetString(body.ToArray());
    }

    // HttpListener cannot choose one itself.
    private static int StartOnFreePort(HttpListener listener)
    {
        while (true)
        {
            using var probe = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
            probe.Start();
            var port = ((IPEndPoint)probe.LocalEndpoint).Port;
            probe.Stop();
            listener.Prefixes.Clear();
            listener.Prefixes.Add($"http://127.0.0.1:{port}/");
            try
            {
                listener.Start();
                return port;
            }
            catch (HttpListenerException)
            {
                // Taken meanwhile.
            }
        }
    }
}
