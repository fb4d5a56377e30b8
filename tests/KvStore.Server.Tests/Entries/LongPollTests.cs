using System.Globalization;

namespace KvStore.Server.Tests;

/// <summary>
/// Long polls of one entry. With <c>wait=0</c> the time is up at once; those that must not wait ask for longer than any test may take.
/// </summary>
public sealed class LongPollTests : IAsyncLifetime
{
    private KvServer _server = null!;
    private long _old;
    private long _current;

    public async ValueTask InitializeAsync()
    {
        _server = await KvServer.StartAsync();
        _old = (await _server.Client.PutAsync("/v1/kv/k", "old")).Revision!.Value;
        _current = (await _server.Client.PutAsync("/v1/kv/k", "current")).Revision!.Value;
        (await _server.Client.PutAsync("/v1/kv/other", "later")).Expect(201);
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Theory]
    [InlineData("GET")]
    [InlineData("HEAD")]
    public async Task Get_ConditionOrAfterIsBehind_IsAnsweredAtOnce(string method)
    {
        (await SendAsync(method, "k?wait=60", ("If-None-Match", Tag(_old)))).Expect(200);
        (await SendAsync(method, $"k?wait=60&after={_old}")).Expect(200);
        (await SendAsync(method, $"k?wait=60&after={_old}", ("If-None-Match", Tag(_old)), ("If-Match", Tag(_current)))).Expect(200);
        (await SendAsync(method, "k?wait=60", ("If-Match", Tag(_old)))).Expect(412);
        (await SendAsync(method, $"k?wait=60&after={_current}", ("If-Match", Tag(_old)))).Expect(412);
        (await SendAsync(method, "absent?wait=60", ("If-None-Match", Tag(_old)))).Expect(404);
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("HEAD")]
    public async Task Get_NothingChanges_AnswersAsWithoutWait(string method)
    {
        foreach (var unchanged in new[]
        {
            await SendAsync(method, "k?wait=0", ("If-None-Match", Tag(_current))),
            await SendAsync(method, "k?wait=0", ("If-None-Match", "*"), ("If-Match", "*")),
            await SendAsync(method, $"k?wait=0&after={_current}"),
            await SendAsync(method, $"k?wait=0&after={_old}", ("If-None-Match", Tag(_current))),
        })
        {
            Assert.Equal((Tag(_current), "no-cache"), (unchanged.Expect(304).ETag, unchanged.Header("Cache-Control")));
        }

        Assert.Equal(Tag(_current), (await SendAsync(method, "k?wait=0")).Expect(200).ETag);
        (await SendAsync(method, "absent?wait=0")).Expect(404);
        Assert.Null((await SendAsync(method, "absent?wait=0&after=0")).Expect(304).ETag);
    }

    [Theory]
    [InlineData("?wait=60", null)]
    [InlineData("?wait=60", "If-None-Match")]
    [InlineData("?wait=60&after={0}", null)]
    [InlineData("?wait=60&after={0}", "If-None-Match")]
    public async Task Get_EntryChangesOrGoes_IsAnswered(string query, string? condition)
    {
        (string, string)[] headers = condition is null ? [] : [(condition, Tag(_current))];
        var target = "k" + string.Format(CultureInfo.InvariantCulture, query, _current);
        var polls = new[] { SendAsync("GET", target, headers), SendAsync("GET", target, headers) };
        await _server.WatchersAsync(2);
        (await _server.Client.PutAsync("/v1/kv/other", "not awaited")).Expect(204);
        (await _server.Client.PutAsync("/v1/kv/k", "next")).Expect(204);
        foreach (var poll in polls)
            Assert.Equal("next", (await poll).Expect(200).Text);

        (await _server.Client.DeleteAsync("/v1/kv/k")).Expect(204);
        (await SendAsync("GET", $"k?wait=60&after={_current}")).Expect(404);
    }

    // A tag that the entry still has after the change, as * does, is still a match.
    [Fact]
    public async Task Get_ChangeThatStillMatches_WaitsOn()
    {
        var poll = SendAsync("GET", "k?wait=60", ("If-None-Match", "*"));
        await _server.WatchersAsync(1);
        (await _server.Client.PutAsync("/v1/kv/k", "next")).Expect(204);
        (await _server.Client.DeleteAsync("/v1/kv/k")).Expect(204);
        (await poll).Expect(404);
    }

    [Fact]
    public async Task Get_IfMatchLosesItsEntry_IsPreconditionFailed()
    {
        var poll = SendAsync("GET", "k?wait=60", ("If-Match", Tag(_current)));
        await _server.WatchersAsync(1);
        (await _server.Client.PutAsync("/v1/kv/k", "next")).Expect(204);
        (await poll).ExpectProblem(412, "precondition-failed");
    }

    [Fact]
    public async Task Get_AbsentIsCreated_IsAnswered()
    {
        var poll = SendAsync("GET", "absent?wait=60");
        await _server.WatchersAsync(1);
        (await _server.Client.PutAsync("/v1/kv/absent", "created")).Expect(201);
        Assert.Equal("created", (await poll).Expect(200).Text);
    }

    // An answer that named the client's revision would make it skip all changes up to there.
    [Theory]
    [InlineData("k")]
    [InlineData("absent")]
    public async Task Get_AfterUnreachedRevision_IsGone(string key)
    {
        var answer = await SendAsync("GET", $"{key}?wait=0&after={_server.Store.Latest.Revision + 500}");
        answer.ExpectProblem(410, "revision-gone", "after");
        Assert.Null(answer.Revision);
        (await SendAsync("GET", $"{key}?wait=0&after={_server.Store.Latest.Revision}")).Expect(304);
    }

    private static string Tag(long revision) => ResponseHeaders.ETagOf(revision);

    private Task<Response> SendAsync(string method, string target, params (string Name, string Value)[] headers) =>
        _server.Client.SendAsync(method, "/v1/kv/" + target, null, headers);
}
