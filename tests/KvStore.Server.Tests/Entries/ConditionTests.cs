using System.Globalization;

namespace KvStore.Server.Tests;

/// <summary>
/// Every combination of If-Match and If-None-Match with every state and method, against RFC 9110 (sections 8.8.3.2, 13.1,
/// 13.2) written down a second time, from its text.
/// </summary>
public sealed class ConditionTests(KvServer server) : IClassFixture<KvServer>
{
    // {0} is the current revision of the entry, or that of another entry when the key has none.
    private static readonly Condition[] Conditions =
    [
        Condition.Absent,
        new(["*"], Any: true),
        new(["\"{0}\""], Tags: ["{0}"]),
        new(["\"999999999\""], Tags: ["999999999"]),
        new(["\"1\", \"{0}\", \"abc\""], Tags: ["1", "{0}", "abc"]),
        new(["\"999999998\",\"999999999\""], Tags: ["999999998", "999999999"]),
        new(["\"999999999\"", "\"{0}\""], Tags: ["999999999", "{0}"]),
        new([", \"{0}\" ,, "], Tags: ["{0}"]),
        new(["W/\"{0}\""], Tags: ["W/{0}"]),
        new(["W/\"{0}\", \"999999999\""], Tags: ["W/{0}", "999999999"]),

        // The grammar knows only a capital W; the small one is understood as it is meant.
        new(["w/\"{0}\""], Tags: ["W/{0}"]),
        new(["\"abc\""], Tags: ["abc"]),
        new(["\"\""], Tags: [""]),
        new(["\"0{0}\""], Tags: ["0{0}"]),
        new(["\"+{0}\""], Tags: ["+{0}"]),
        new(["\"{0}.0\""], Tags: ["{0}.0"]),
        new(["\"-1\""], Tags: ["-1"]),
        new(["\"99999999999999999999999999\""], Tags: ["99999999999999999999999999"]),
        new(["\"*\""], Tags: ["*"]),
        new(["\"{0}\\\""], Tags: ["{0}\\"]),
        new(["{0}"], Malformed: true),
        new(["abc"], Malformed: true),
        new(["\"{0}"], Malformed: true),
        new(["{0}\""], Malformed: true),
        new(["'{0}'"], Malformed: true),
        new(["W/{0}"], Malformed: true),
        new(["*, \"{0}\""], Malformed: true),
        new(["\"{0}\"", "*"], Malformed: true),
        new(["*", "*"], Malformed: true),
        new(["\"{0}\" \"1\""], Malformed: true),
        new(["\"{0}\", {0}"], Malformed: true),
        new([""], Malformed: true),
        new([","], Malformed: true),
    ];

    [Theory]
    [InlineData("GET")]
    [InlineData("HEAD")]
    [InlineData("PUT")]
    [InlineData("PATCH")]
    [InlineData("DELETE")]
    public async Task AnyMethod_ConditionPairs_EqualModel(string method)
    {
        using var raw = await server.ConnectAsync();
        var other = (await raw.RequestAsync("PUT", "/v1/kv/other", "v")).Revision!.Value;
        var number = 0;
        foreach (var ifMatch in Conditions)
        {
            foreach (var ifNoneMatch in Conditions)
            {
                foreach (var exists in new[] { true, false })
                {
                    var target = $"/v1/kv/{method}/{number++}";
                    long? revision = exists ? (await raw.RequestAsync("PUT", target, "before")).Expect(201).Revision : null;
                    string[] lines = [.. ifMatch.Lines("If-Match", revision ?? other), .. ifNoneMatch.Lines("If-None-Match", revision ?? other)];
                    var answer = await raw.RequestAsync(method, method == "PATCH" ? target + "?ttl=none" : target, method == "PUT" ? "after" : "", lines);
                    var expected = Expected(method, revision, ifMatch, ifNoneMatch);
                    Assert.True(expected == answer.Status, $"{method}, revision {revision}, {string.Join(" | ", lines)}: {expected} was expected, {answer}");
                    CheckHeaders(method, revision, answer);
                    await CheckStateAsync(raw, target, method, revision, answer);
                }
            }
        }
    }

    [Fact]
    public async Task Put_IfMatchOldRevision_Fails()
    {
        var first = await server.Client.PutAsync("/v1/kv/old", "1");
        var second = await server.Client.PutAsync("/v1/kv/old", "2", ("If-Match", first.ETag!));
        var failed = await server.Client.PutAsync("/v1/kv/old", "3", ("If-Match", first.ETag!));
        Assert.Equal(second.ETag, failed.ExpectProblem(412, "precondition-failed").ETag);
        Assert.Contains(second.ETag!.Trim('"'), failed.Json.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Put_SameValueAgain_IsAnotherRevision()
    {
        var first = await server.Client.PutAsync("/v1/kv/again", "same");
        var second = (await server.Client.PutAsync("/v1/kv/again", "same")).Expect(204);
        Assert.NotEqual(first.ETag, second.ETag);
    }

    // RFC 9110, 13.2.1: no condition counts where the answer without it would be an error; 13.2.2: If-Match, then If-None-Match.
    private static int Expected(string method, long? revision, Condition ifMatch, Condition ifNoneMatch)
    {
        if (ifMatch.Malformed || ifNoneMatch.Malformed)
            return 400;
        if (revision is null && method != "PUT")
            return 404;
        if (!ifMatch.MatchHolds(revision))
            return 412;
        if (!ifNoneMatch.NoneMatchHolds(revision))
            return method is "GET" or "HEAD" ? 304 : 412;
        return (method, revision) switch
        {
            ("GET" or "HEAD", _) => 200,
            ("PUT", null) => 201,
            _ => 204,
        };
    }

    private static void CheckHeaders(string method, long? before, Response answer)
    {
        Assert.Equal(answer.Status == 400, answer.Revision is null);
        switch (answer.Status)
        {
            case 200 or 304:
            case 412 when before is not null:
                Assert.Equal($"\"{before}\"", answer.ETag);
                break;
            case 201 or 204 when method is "PUT" or "PATCH":
                Assert.Equal($"\"{answer.Revision}\"", answer.ETag);
                Assert.True(answer.Revision > (before ?? 0));
                break;
            default:
                Assert.Null(answer.ETag);
                break;
        }

        if (answer.Status is 200 or 304 or 412)
            Assert.True(answer.Revision >= (before ?? 0));
    }

    private static async Task CheckStateAsync(RawConnection raw, string target, string method, long? before, Response answer)
    {
        var now = await raw.RequestAsync("GET", target);
        var changed = answer.Status is 201 or 204;
        if (changed && method is ("PUT" or "PATCH"))
        {
            Assert.Equal((method == "PUT" ? "after" : "before", answer.ETag), (now.Expect(200).Text, now.ETag));
        }
        else if (changed || before is null)
        {
            now.Expect(404);
        }
        else
        {
            Assert.Equal(("before", $"\"{before}\""), (now.Expect(200).Text, now.ETag));
        }
    }

    /// <summary>What one of the two headers says: as lines to send, and what they mean.</summary>
    private sealed record Condition(string[] Written, bool Any = false, bool Malformed = false, string[]? Tags = null)
    {
        public static readonly Condition Absent = new([]);

        public IEnumerable<string> Lines(string name, long revision) =>
            Written.Select(line => $"{name}: {line.Replace("{0}", Text(revision), StringComparison.Ordinal)}");

        // 13.1.1: * asks for any current representation; a list for one whose tag matches by strong comparison.
        public bool MatchHolds(long? revision) => this == Absent
            || (revision is { } current && (Any || Tags!.Any(tag => Fill(tag, current) == Text(current))));

        // 13.1.2: * asks for none; a list for none whose tag matches by weak comparison.
        public bool NoneMatchHolds(long? revision) => this == Absent
            || revision is not { } current
            || (!Any && !Tags!.Any(tag => Fill(tag, current) is var filled && (filled == Text(current) || filled == "W/" + Text(current))));

        private static string Fill(string tag, long revision) => tag.Replace("{0}", Text(revision), StringComparison.Ordinal);

        private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
    }
}
