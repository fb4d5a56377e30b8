using System.Diagnostics;
using System.Globalization;

namespace KvStore.Server.Tests;

/// <summary>
/// Whether the time of a refusal tells if the key exists. Requests for keys that exist, for keys that do not, and for others that do not as the
/// control are sent in random order over one connection and timed from the first byte sent to the last byte received. The rank-sum test
/// (Mann and Whitney) compares the times, so that no distribution is assumed and outliers do not count more than others. A client that may read the keys
/// shows that a difference would be seen. KVSTORE_TEST_LONG=1 runs it.
/// </summary>
public sealed class TimingTests(ITestOutputHelper output)
{
    // Of each kind of request. The existing values are large, so that work on them shows.
    private const int Samples = 8_000;
    private const int ValueBytes = 24 * 1024;

    // Five standard deviations: once in a million runs by chance alone.
    private const double Deviations = 5;

    private static readonly MatrixCaller TeamA = new("team-a", Rights.Read | Rights.Write | Rights.Delete, "team-a/");
    private static readonly MatrixCaller TeamB = new("team-b", Rights.Read | Rights.Write | Rights.Delete, "team-b/");

    private enum Kind
    {
        Exists,
        Absent,
        Control,
    }

    [Theory]
    [InlineData(true, "GET", "/v1/kv/team-b/KEY", "")]
    [InlineData(true, "GET", "/v1/kv?prefix=team-b/KEY&values=true", "")]
    [InlineData(false, "GET", "/v1/kv?prefix=team-b/KEY&count_only=true", "")]
    [InlineData(true, "POST", "/v1/batch/get", "{\"keys\":[\"team-b/KEY\"]}")]
    [InlineData(true, "POST", "/v1/txn", "{\"guards\":[{\"key\":\"team-b/KEY\",\"exists\":false}],\"operations\":[]}")]
    [InlineData(false, "DELETE", "/v1/kv/team-b/KEY", "")]
    public async Task Refusal_KeyExistsOrNot_TakesTheSameTime(bool takesLongerIfAllowed, string method, string target, string body)
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable("KVSTORE_TEST_LONG") == "1", "KVSTORE_TEST_LONG=1 measures.");
        await using var keyed = await KeyedServer.StartAsync([TeamA, TeamB]);
        for (var i = 0; i < 100; i++)
            await keyed.Server.CommitAsync(Some.Put(NameOf(Kind.Exists, i, "team-b/"), new string('v', ValueBytes)));

        var refused = await MeasureAsync(keyed.Server, TeamA, method, target, body);
        Assert.InRange(Math.Abs(Report("refused: absent, control", refused[Kind.Absent], refused[Kind.Control])), 0, Deviations);
        Assert.InRange(Math.Abs(Report("refused: exists, absent", refused[Kind.Exists], refused[Kind.Absent])), 0, Deviations);
        if (!takesLongerIfAllowed)
            return;
        var allowed = await MeasureAsync(keyed.Server, TeamB, method, target, body);
        Assert.True(Math.Abs(Report("allowed: exists, absent", allowed[Kind.Exists], allowed[Kind.Absent])) > Deviations, "The measurement would not have seen a difference.");
    }

    private static async Task<Dictionary<Kind, long[]>> MeasureAsync(KvServer server, MatrixCaller caller, string method, string target, string body)
    {
        var random = Seed.NewRandom();
        var kinds = Enumerable.Range(0, 3 * Samples).Select(i => (Kind)(i % 3)).ToArray();
        random.Shuffle(kinds);
        var times = Enum.GetValues<Kind>().ToDictionary(kind => kind, _ => new List<long>(Samples));
        using var connection = await server.ConnectAsync();
        for (var i = -1000; i < kinds.Length; i++)
        {
            var kind = kinds[Math.Max(i, 0)];
            var key = NameOf(kind, random.Next(100));
            var filled = body.Replace("KEY", key, StringComparison.Ordinal);
            var request = $"{method} {target.Replace("KEY", key, StringComparison.Ordinal)} HTTP/1.1\r\nHost: localhost\r\n{caller.Header.Name}: {caller.Header.Value}\r\n"
                + $"{(body.Length > 0 ? $"Content-Type: application/json\r\nContent-Length: {filled.Length}\r\n" : "")}\r\n{filled}";
            var start = Stopwatch.GetTimestamp();
            await connection.SendAsync(request);
            await connection.ReadAsync(method);
            var ticks = Stopwatch.GetTimestamp() - start;

            // The first are for the compiler.
            if (i >= 0)
                times[kind].Add(ticks);
        }

        return times.ToDictionary(each => each.Key, each => each.Value.ToArray());
    }

    private static string NameOf(Kind kind, int number, string prefix = "") => string.Create(CultureInfo.InvariantCulture, $"{prefix}{kind.ToString()[0]}{number:D2}");

    private double Report(string what, long[] left, long[] right)
    {
        var deviations = RankSum(left, right);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what}: medians {Microseconds(left):F1} and {Microseconds(right):F1} µs, {deviations:F2} standard deviations of {left.Length} and {right.Length}"));
        return deviations;
    }

    private static double Microseconds(long[] ticks) => ticks.Order().ElementAt(ticks.Length / 2) * 1e6 / Stopwatch.Frequency;

    // The normal approximation of the statistic; equal times share their mean rank.
    private static double RankSum(long[] left, long[] right)
    {
        var all = left.Select(time => (time, isLeft: true)).Concat(right.Select(time => (time, isLeft: false))).OrderBy(pair => pair.time).ToArray();
        var sum = 0.0;
        for (var from = 0; from < all.Length;)
        {
            var to = from;
            while (to < all.Length && all[to].time == all[from].time)
                to++;
            sum += all.AsSpan(from, to - from).ToArray().Count(pair => pair.isLeft) * ((from + to + 1) / 2.0);
            from = to;
        }

        var (m, n) = ((double)left.Length, (double)right.Length);
        return (sum - (m * (m + n + 1) / 2)) / Math.Sqrt(m * n * (m + n + 1) / 12);
    }
}
