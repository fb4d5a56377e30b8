using System.Globalization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace KvStore.Server.Tests;

/// <summary>
/// Every endpoint, as it was registered, with every header that has a bearing on the outcome: either it is honoured, or the request is
/// rejected and nothing happens.
/// </summary>
public sealed class HeaderRulesTests : IAsyncLifetime
{
    private const string Past = "Mon, 01 Jan 2001 00:00:00 GMT";
    private const string Future = "Fri, 31 Dec 2100 00:00:00 GMT";

    // Conditions with values that the samples do not meet, and the status for reads; a write is then 412.
    private static readonly (string Name, string Value, int OnRead)[] Conditions =
    [
        ("If-Match", "\"0\"", 412), ("If-None-Match", "*", 304), ("If-Unmodified-Since", Past, 412), ("If-Modified-Since", Future, 304),
    ];

    private KvServer _server = null!;

    public static TheoryData<string> NeverHonoured => [.. HeaderRules.NeverHonoured.Keys];

    public async ValueTask InitializeAsync() => _server = await SituationServers.RunningAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task AnyEndpoint_Condition_IsHonouredOrRejected()
    {
        foreach (var (name, value, onRead) in Conditions)
        {
            foreach (var (api, request) in Endpoints())
            {
                var answer = await SendAsync(request.With($"{name}: {value}"));
                if (!api.Parameters.Any(parameter => parameter.Name == name))
                    CheckRejected(request, answer, 400, name);
                else
                    Assert.True(answer.Status == (IsRead(request) ? onRead : 412), $"{request.Operation} with {name}: {answer}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(NeverHonoured))]
    public async Task AnyEndpoint_HeaderThatNoneHonours_IsRejected(string name)
    {
        foreach (var (api, request) in Endpoints())
        {
            // A read without a body does nothing that one of these could be about, except that a range would be of its answer.
            var answer = await SendAsync(request.With(name + ": bytes 1-2/3"));
            if (!IsRead(request) || api.TakesBody || name == "Content-Range")
                CheckRejected(request, answer, 400, name);
            else
                Assert.InRange(answer.Status, 200, 204);
        }
    }

    [Theory]
    [InlineData("If-Mach")]
    [InlineData("if-none-matches")]
    [InlineData("If")]
    public async Task AnyWrite_MisspeltCondition_IsRejectedOrNone(string name)
    {
        foreach (var (_, request) in Endpoints().Where(each => !IsRead(each.Request)))
        {
            var answer = await SendAsync(request.With($"{name}: \"7\""));
            if (name.StartsWith("if-", StringComparison.OrdinalIgnoreCase))
                CheckRejected(request, answer, 400, name);
        }
    }

    [Theory]
    [InlineData("Expect: 200-ok", 417, "Expect")]
    [InlineData("Expect: 100-continue, 200-ok", 417, "Expect")]
    public async Task AnyEndpoint_Expectation_IsRejected(string header, int status, string field)
    {
        foreach (var (_, request) in Endpoints())
            CheckRejected(request, await SendAsync(request.With(header)), status, field);
    }

    [Fact]
    public async Task AnyEndpoint_IdempotencyKey_IsHonouredOrRejectedOrARead()
    {
        foreach (var (api, request) in Endpoints().Where(each => !IsRead(each.Request) && each.Api.Parameters.All(parameter => parameter.Name != "Idempotency-Key")))
            CheckRejected(request, await SendAsync(request.With("Idempotency-Key: " + api.Id)), 400, "Idempotency-Key");
    }

    [Fact]
    public async Task AnyEndpoint_EncodedOrMultipartBody_IsRejected()
    {
        foreach (var (_, request) in Endpoints().Where(each => each.Api.TakesBody))
        {
            foreach (var coding in new[] { "gzip", "br", "identity, gzip", "" })
            {
                var answer = await SendAsync(request.With("Content-Encoding: " + coding));
                CheckRejected(request, answer, 415, "Content-Encoding");
                Assert.Equal("identity", answer.Header("Accept-Encoding"));
            }

            CheckRejected(request, await SendAsync(request.WithBody("Multipart/Form-Data; boundary=x", "--x--")), 415, "Content-Type");
            Assert.InRange((await SendAsync(request.With("Content-Encoding: Identity"))).Status, 200, 204);
        }
    }

    [Fact]
    public async Task AnyEndpoint_UnknownTransferCoding_IsRejected()
    {
        foreach (var (_, request) in Endpoints().Where(each => each.Api.TakesBody))
        {
            foreach (var coding in new[] { "gzip, chunked", "chunked, chunked" })
            {
                using var raw = await _server.SendAsync(Chunked(request, coding));
                CheckRejected(request, await raw.ReadAsync(request.Method), 400, "Transfer-Encoding");
            }
        }
    }

    [Theory]
    [InlineData("Content-Length: 2\r\n\r\n{}")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n")]
    public async Task EndpointWithoutBody_Body_IsRejected(string rest)
    {
        foreach (var (_, request) in Endpoints().Where(each => !each.Api.TakesBody))
        {
            using var raw = await _server.SendAsync($"{request.Method} {request.Target} HTTP/1.1\r\nHost: localhost\r\n{rest}");
            CheckRejected(request, await raw.ReadAsync(request.Method), 400, "body");

            // Nothing of the body is taken for the next request.
            (await raw.RequestAsync("GET", "/livez")).Expect(200);
        }
    }

    [Fact]
    public void AnyGet_HasHead()
    {
        var operations = Endpoints().Select(each => each.Request.Operation).ToHashSet(StringComparer.Ordinal);
        Assert.All(operations.Where(name => name.StartsWith("GET ", StringComparison.Ordinal)), name => Assert.Contains("HEAD " + name[4..], operations));
    }

    private static bool IsRead(Request request) => request.Method is "GET" or "HEAD";

    private static string Chunked(Request request, string coding) => string.Create(
        CultureInfo.InvariantCulture,
        $"{request.Method} {request.Target} HTTP/1.1\r\n{string.Concat(request.Headers.Select(header => header + "\r\n"))}Transfer-Encoding: {coding}\r\n\r\n{request.Body.Length:x}\r\n{request.Body}\r\n0\r\n\r\n");

    private static void CheckRejected(Request request, Response answer, int status, string field)
    {
        Assert.True(answer.Status == status, $"{request.Operation}: {status} was expected, {answer}");
        if (request.Method != "HEAD")
            Assert.Equal(field, answer.Json.GetProperty("field").GetString(), ignoreCase: true);
    }

    // With a sample of each: one that is added without is an error here.
    private IEnumerable<(ApiOperation Api, Request Request)> Endpoints() =>
        from endpoint in _server.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
        where endpoint.Metadata.GetMetadata<ApiOperation>() is not null
        let method = endpoint.Metadata.GetRequiredMetadata<HttpMethodMetadata>().HttpMethods.Single()
        select (endpoint.Metadata.GetRequiredMetadata<ApiOperation>(), Samples.All.Single(sample => sample.Operation == $"{method} {endpoint.RoutePattern.RawText}"));

    private async Task<Response> SendAsync(Request request)
    {
        var revision = _server.Store.Latest.Revision;
        var answer = await request.SendAsync(_server);
        if (answer.Status >= 300)
            Assert.Equal(revision, _server.Store.Latest.Revision);
        return answer;
    }
}
