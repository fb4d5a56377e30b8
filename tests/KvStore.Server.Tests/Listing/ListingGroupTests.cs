using System.Diagnostics;

namespace KvStore.Server.Tests;

/// <summary>Listings with a delimiter, counts, and HEAD. That groups and counts are right for any keys is in <see cref="ListingModelTests"/>.</summary>
public sealed class ListingGroupTests
{
    private static readonly string[] Keys = ["a", "a/", "a/1", "a/b/2", "a0", "b/1", "b/2", "c"];

    [Theory]
    [InlineData("delimiter=/", "a a0 c", "a/ b/")]
    [InlineData("delimiter=/&prefix=a", "a a0", "a/")]
    [InlineData("delimiter=/&prefix=a/", "a/ a/1", "a/b/")]
    [InlineData("delimiter=/&after=a", "a0 c", "a/ b/")]
    [InlineData("delimiter=/&after=a/", "a0 c", "b/")]
    [InlineData("delimiter=/&after=a/1", "a0 c", "b/")]
    [InlineData("delimiter=/&after=a/zzz", "a0 c", "b/")]
    [InlineData("delimiter=/&after=b", "c", "b/")]
    [InlineData("delimiter=/&prefix=a/&after=a", "a/ a/1", "a/b/")]
    [InlineData("delimiter=/&prefix=a/&after=a/", "a/1", "a/b/")]
    [InlineData("delimiter=/b/", "a a/ a/1 a0 b/1 b/2 c", "a/b/")]
    [InlineData("delimiter=a", "b/1 b/2 c", "a")]
    [InlineData("delimiter=nowhere&prefix=b", "b/1 b/2", "")]
    public async Task List_Delimiter_ListsEachGroupOnce(string query, string items, string prefixes)
    {
        await using var server = await StartAsync();
        var page = (await server.Client.GetAsync("/v1/kv?" + query)).Expect(200).Json;
        Assert.Equal(items, string.Join(' ', page.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("key").GetString())));
        Assert.Equal(prefixes, string.Join(' ', page.GetProperty("prefixes").EnumerateArray().Select(text => text.GetString())));
        Assert.False(page.TryGetProperty("cursor", out _));
    }

    [Fact]
    public async Task List_CursorOfOtherDelimiter_IsRejected()
    {
        await using var server = await StartAsync();
        var grouped = await CursorAsync(server, "limit=2&delimiter=/");
        (await server.Client.GetAsync($"/v1/kv?cursor={grouped}&delimiter=b")).ExpectProblem(400, "malformed-request", "delimiter");
        (await server.Client.GetAsync($"/v1/kv?cursor={await CursorAsync(server, "limit=2")}&delimiter=/")).ExpectProblem(400, "malformed-request", "delimiter");

        // After "a/", the whole group is behind the page, though its last key is greater than its prefix.
        foreach (var delimiter in new[] { "", "&delimiter=/" })
            Assert.Equal("a0", (await server.Client.GetAsync($"/v1/kv?cursor={grouped}{delimiter}")).Expect(200).Json.GetProperty("items")[0].GetProperty("key").GetString());
    }

    [Fact]
    public async Task List_PageBytesReachedByGroups_ContinuesAfterThem()
    {
        await using var server = await KvServer.StartAsync(("PageBytesMax", "600"));
        var groups = Enumerable.Range(0, 20).Select(number => $"{number:00}{new string('x', 200)}/").ToArray();
        foreach (var group in groups)
            await server.Client.PutAsync($"/v1/kv/{group}key", "v");

        var prefixes = new List<string>();
        var pages = 0;
        for (var target = "/v1/kv?delimiter=/"; target is not null; pages++)
        {
            var page = (await server.Client.GetAsync(target)).Expect(200).Json;
            prefixes.AddRange(page.GetProperty("prefixes").EnumerateArray().Select(text => text.GetString()!));
            target = page.TryGetProperty("cursor", out var cursor) ? "/v1/kv?cursor=" + cursor.GetString() : null;
        }

        Assert.Equal(groups, prefixes);
        Assert.InRange(pages, 5, 10);
    }

    [Fact]
    public async Task In_LargeGroup_IsPassedWithoutVisitingItsKeys()
    {
        await using var server = await KvServer.StartAsync();
        for (var first = 0; first < 100_000; first += 1000)
            await server.Store.SubmitAsync(new Transaction([], [.. Enumerable.Range(first, 1000).Select(number => new Put(Key.Parse($"large/{number}"), new byte[1], "text/plain"))]));
        await server.Store.SubmitAsync(new Transaction([], [new Put(Key.Parse("other"), new byte[1], "text/plain")]));
        var snapshot = server.Store.Latest;
        var request = new ListRequest { Limit = 10, Delimiter = "/"u8.ToArray() };

        // A thousand listings that walk would visit a hundred million keys, which is fifty times what they are held against.
        var startedAt = Stopwatch.GetTimestamp();
        Assert.All(Enumerable.Range(0, 1000), _ => Assert.Equal(2, request.In(snapshot).Count()));
        var grouped = Stopwatch.GetElapsedTime(startedAt);
        startedAt = Stopwatch.GetTimestamp();
        Assert.All(Enumerable.Range(0, 20), _ => Assert.Equal(100_001, snapshot.Scan(KeyRange.WithPrefix([])).Count()));
        var walked = Stopwatch.GetElapsedTime(startedAt);
        Assert.True(grouped < walked, $"{grouped} for groups, {walked} for walks");
    }

    [Fact]
    public async Task List_CountOnly_IsRevisionAndCount()
    {
        await using var server = await StartAsync();
        Assert.Equal("{\"revision\":8,\"count\":8}", (await server.Client.GetAsync("/v1/kv?count_only=true")).Expect(200).Text);
        Assert.Equal("{\"revision\":8,\"count\":4}", (await server.Client.GetAsync("/v1/kv?count_only=true&prefix=a&after=a")).Expect(200).Text);
        Assert.Equal("{\"revision\":3,\"count\":3}", (await server.Client.GetAsync("/v1/kv?count_only=true&revision=3")).Expect(200).Text);
        Assert.Equal("{\"revision\":8,\"count\":0}", (await server.Client.GetAsync("/v1/kv?count_only=true&prefix=a&after=b")).Expect(200).Text);
        Assert.Equal("{\"revision\":8,\"items\":[]}", (await server.Client.GetAsync("/v1/kv?count_only=false&prefix=x")).Expect(200).Text);
    }

    [Theory]
    [InlineData("/v1/kv")]
    [InlineData("/v1/kv?delimiter=/&limit=1")]
    [InlineData("/v1/kv?count_only=true")]
    public async Task Head_Listing_HasHeadersOfGet(string target)
    {
        await using var server = await StartAsync();
        using var raw = await server.ConnectAsync();
        var get = (await raw.RequestAsync("GET", target)).Expect(200);
        var head = (await raw.RequestAsync("HEAD", target)).Expect(200);
        Assert.Equal((get.Revision, get.ContentType, get.Header("Cache-Control")), (head.Revision, head.ContentType, head.Header("Cache-Control")));

        // The next answer on the connection is whole: nothing of a body came before it.
        Assert.Equal(get.Body, (await raw.RequestAsync("GET", target)).Body);
        (await raw.RequestAsync("HEAD", "/v1/kv?limit=0")).Expect(400);
        (await raw.RequestAsync("HEAD", "/v1/kv?min_revision=1000&consistency=local")).Expect(503);
        (await raw.RequestAsync("HEAD", "/v1/kv?revision=1000")).Expect(400);
    }

    private static async Task<KvServer> StartAsync()
    {
        var server = await KvServer.StartAsync(("MinRevisionTimeout", "00:00:00"));
        foreach (var key in Keys)
            (await server.Client.PutAsync("/v1/kv/" + key, "v")).Expect(201);
        return server;
    }

    private static async Task<string> CursorAsync(KvServer server, string query) =>
        (await server.Client.GetAsync("/v1/kv?" + query)).Json.GetProperty("cursor").GetString()!;
}
