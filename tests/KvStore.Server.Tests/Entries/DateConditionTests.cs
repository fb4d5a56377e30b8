using System.Globalization;
using Microsoft.Extensions.DependencyInjection;

namespace KvStore.Server.Tests;

/// <summary>Last-Modified, If-Modified-Since and If-Unmodified-Since (RFC 9110, sections 8.8.2 and 13.1.3 to 13.2.2).</summary>
public sealed class DateConditionTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Written = new(2026, 1, 31, 12, 0, 5, 400, TimeSpan.Zero);
    private static readonly string[] Reads = ["GET", "HEAD"];

    private readonly FakeTimeProvider _time = new(Written);
    private KvServer _server = null!;
    private string _etag = "";

    public async ValueTask InitializeAsync()
    {
        _server = await KvServer.StartAsync(new KvServerOptions { Services = services => services.AddSingleton<TimeProvider>(_time) });
        _etag = (await _server.Client.PutAsync("/v1/kv/k", "{}")).ETag!;
        (await _server.Client.PutAsync("/v1/kv/person/1", "{}", ("Content-Type", "application/json"))).Expect(201);
        _time.Advance(TimeSpan.FromMinutes(1));
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Theory]
    [InlineData("/v1/kv/k")]
    [InlineData("/person/get?id=1")]
    public async Task Read_LastModified_IsSecondOfWrite(string target)
    {
        foreach (var method in Reads)
            Assert.Equal(Date(0), (await SendAsync(method, target)).Expect(200).Header("Last-Modified"));
    }

    [Fact]
    public async Task LastModified_SentBack_IsCurrent()
    {
        (await _server.Client.PutAsync("/v1/kv/k", "first")).Expect(204);
        var first = (await _server.Client.GetAsync("/v1/kv/k")).Header("Last-Modified")!;
        Assert.Equal(Date(60), first);
        (await SendAsync("GET", "/v1/kv/k", ("If-Modified-Since", first))).Expect(304);
        (await SendAsync("PUT", "/v1/kv/k", ("If-Unmodified-Since", first))).Expect(204);

        _time.Advance(TimeSpan.FromSeconds(1));
        (await _server.Client.PutAsync("/v1/kv/k", "second")).Expect(204);
        (await SendAsync("GET", "/v1/kv/k", ("If-Modified-Since", first))).Expect(200);
        (await SendAsync("PUT", "/v1/kv/k", ("If-Unmodified-Since", first))).ExpectProblem(412, "precondition-failed");
    }

    [Theory]
    [InlineData(-1, 200, 412)]
    [InlineData(0, 304, 200)]
    [InlineData(1, 304, 200)]
    [InlineData(-1_000_000_000, 200, 412)]
    [InlineData(1_000_000_000, 304, 200)]
    public async Task Read_Date_IsComparedBySecond(int seconds, int ifModifiedSince, int ifUnmodifiedSince)
    {
        foreach (var method in Reads)
        {
            (await SendAsync(method, "/v1/kv/k", ("If-Modified-Since", Date(seconds)))).Expect(ifModifiedSince);
            (await SendAsync(method, "/v1/kv/k", ("If-Unmodified-Since", Date(seconds)))).Expect(ifUnmodifiedSince);
            (await SendAsync(method, "/v1/kv/k?wait=0", ("If-Modified-Since", Date(seconds)))).Expect(ifModifiedSince);
            (await SendAsync(method, "/v1/kv/absent", ("If-Modified-Since", Date(seconds)))).Expect(404);
            (await SendAsync(method, "/v1/kv/absent", ("If-Unmodified-Since", Date(seconds)))).Expect(404);
        }
    }

    [Theory]
    [InlineData("PUT", "/v1/kv/k", 204)]
    [InlineData("PATCH", "/v1/kv/k?ttl=none", 204)]
    [InlineData("DELETE", "/v1/kv/k", 204)]
    [InlineData("POST", "/v1/counters/number", 200)]
    public async Task Write_IfUnmodifiedSince_GuardsIt(string method, string target, int status)
    {
        await _server.CommitAsync(Some.Put("number", "1"));
        var revision = _server.Store.Latest.Revision;
        (await SendAsync(method, target, ("If-Unmodified-Since", "Mon, 01 Jan 2001 00:00:00 GMT"))).ExpectProblem(412, "precondition-failed");
        (await SendAsync(method, target, ("If-Modified-Since", Date(100)))).ExpectProblem(400, "malformed-request", "If-Modified-Since");
        Assert.Equal(revision, _server.Store.Latest.Revision);
        (await SendAsync(method, target, ("If-Unmodified-Since", Date(60)))).Expect(status);
    }

    // Deletion is a modification, and nothing says when.
    [Fact]
    public async Task Write_IfUnmodifiedSinceOfAbsent_Fails()
    {
        (await SendAsync("PUT", "/v1/kv/absent", ("If-Unmodified-Since", Date(60)))).ExpectProblem(412, "precondition-failed");
        (await SendAsync("DELETE", "/v1/kv/absent", ("If-Unmodified-Since", Date(60)))).ExpectProblem(404, "not-found");
    }

    // 13.2.2: an ETag is the more accurate replacement of a date.
    [Fact]
    public async Task AnyMethod_ETagAndDate_ETagCounts()
    {
        (await SendAsync("GET", "/v1/kv/k", ("If-None-Match", "\"0\""), ("If-Modified-Since", Date(60)))).Expect(200);
        (await SendAsync("GET", "/v1/kv/k", ("If-None-Match", _etag), ("If-Modified-Since", Date(-60)))).Expect(304);
        (await SendAsync("GET", "/v1/kv/k", ("If-Match", _etag), ("If-Unmodified-Since", Date(-60)))).Expect(200);
        (await SendAsync("GET", "/v1/kv/k", ("If-Match", _etag), ("If-Unmodified-Since", "no date"))).Expect(200);
        (await SendAsync("GET", "/v1/kv/k", ("If-Unmodified-Since", Date(-60)), ("If-None-Match", _etag))).Expect(412);
        (await SendAsync("PUT", "/v1/kv/k", ("If-Match", "\"0\""), ("If-Unmodified-Since", Date(60)))).Expect(412);
        (await SendAsync("PUT", "/v1/kv/k", ("If-Match", _etag), ("If-Unmodified-Since", Date(-60)))).Expect(204);
    }

    [Theory]
    [InlineData("Sat, 31 Jan 2026 12:00:05 GMT")]
    [InlineData("Saturday, 31-Jan-26 12:00:05 GMT")]
    [InlineData("Sat Jan 31 12:00:05 2026")]
    public async Task AnyMethod_DateFormats_AreUnderstood(string date)
    {
        (await SendAsync("GET", "/v1/kv/k", ("If-Modified-Since", date))).Expect(304);
        (await SendAsync("PUT", "/v1/kv/k", ("If-Unmodified-Since", date))).Expect(204);
    }

    // Without If-Modified-Since the answer is whole, which is never wrong. A write without its condition is.
    [Theory]
    [InlineData("yesterday")]
    [InlineData("0")]
    [InlineData("1769860805")]
    [InlineData("Sat, 31 Jan 2026 12:00:65 GMT")]
    public async Task AnyMethod_InvalidDate_IsIgnoredByReadsOnly(string date)
    {
        (await SendAsync("GET", "/v1/kv/k", ("If-Modified-Since", date))).Expect(200);
        (await SendAsync("GET", "/v1/kv/k", ("If-Unmodified-Since", date))).ExpectProblem(400, "malformed-request", "If-Unmodified-Since");
        (await SendAsync("PUT", "/v1/kv/k", ("If-Unmodified-Since", date))).ExpectProblem(400, "malformed-request", "If-Unmodified-Since");
    }

    [Fact]
    public async Task AnyMethod_RepeatedDate_IsInvalid()
    {
        using var raw = await _server.ConnectAsync();
        (await raw.RequestAsync("GET", "/v1/kv/k", "", $"If-Modified-Since: {Date(0)}", $"If-Modified-Since: {Date(0)}")).Expect(200);
        (await raw.RequestAsync("PUT", "/v1/kv/k", "v", $"If-Unmodified-Since: {Date(0)}", $"If-Unmodified-Since: {Date(0)}"))
            .ExpectProblem(400, "malformed-request", "If-Unmodified-Since");
    }

    [Fact]
    public async Task Write_SameIdempotencyKeyOtherDate_IsAnotherRequest()
    {
        (string, string) key = ("Idempotency-Key", "date");
        (await SendAsync("PUT", "/v1/kv/k", key, ("If-Unmodified-Since", Date(0)))).Expect(204);
        (await SendAsync("PUT", "/v1/kv/k", key, ("If-Unmodified-Since", Date(0)))).Expect(204);
        (await SendAsync("PUT", "/v1/kv/k", key, ("If-Unmodified-Since", Date(1)))).ExpectProblem(422, "idempotency-key-reused", "Idempotency-Key");
    }

    private static string Date(int secondsAfterWrite) => Written.AddSeconds(secondsAfterWrite).ToString("R", CultureInfo.InvariantCulture);

    private Task<Response> SendAsync(string method, string target, params (string Name, string Value)[] headers) =>
        _server.Client.SendAsync(method, target, method == "PUT" ? new StringContent("1") : null, headers);
}
