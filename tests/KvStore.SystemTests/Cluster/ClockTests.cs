using System.Diagnostics;
using System.Net;

namespace KvStore.SystemTests;

/// <summary>Replicas of which one has a clock that is wrong by an hour (libfaketime), whichever starts first.</summary>
[Trait("Needs", "packages")]
public sealed class ClockTests
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(3);

    // Sweeps are every half a second, and an entry expires at the middle clock.
    private static readonly TimeSpan LateMax = TimeSpan.FromSeconds(2);

    // What a record can be delayed on a busy machine, by which a wrong clock is set right.
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromMilliseconds(250);

    [Theory]
    [InlineData("+1h", 2)]
    [InlineData("-1h", 2)]
    [InlineData("+1h", 0)]
    [InlineData("-1h", 1)]
    public async Task Entries_OneClockIsWrong_ExpireInTime(string error, int wrong)
    {
        await using var replicas = await ReplicaProcesses.StartAsync(members: 1);
        var all = new List<ServerProcess>();
        for (var i = 0; i < 3; i++)
            all.Add(await replicas.StartAsync($"r{i}", i == wrong ? Faketime(error) : []));
        await replicas.AgreeAsync(ReplicaProcesses.StatesOf, "r0=ready r1=ready r2=ready", [.. all]);

        // While there were two, the earlier clock counted, and the common one advances slowly: stamps are late, lifetimes are right.
        var isBehind = error == "-1h" && wrong < 2;
        await Task.WhenAll(all.Select((replica, i) => ExpiresInTimeAsync(replicas, replica, all[(i + 1) % 3], $"/v1/kv/{i}", isBehind ? TimeSpan.FromHours(-1) : TimeSpan.Zero)));
        await Soon.UntilAsync(() => all[wrong].Transcript.Contains("The clock of this machine is", StringComparison.Ordinal));
    }

    private static async Task ExpiresInTimeAsync(ReplicaProcesses replicas, ServerProcess writer, ServerProcess reader, string target, TimeSpan stampError)
    {
        var before = Stopwatch.GetTimestamp();
        var written = await replicas.SendAsync(HttpMethod.Put, writer, $"{target}?ttl={Lifetime.TotalSeconds}", "value");
        Assert.True(written.IsSuccessStatusCode, $"{written.StatusCode}");
        var after = Stopwatch.GetTimestamp();
        while (true)
        {
            var read = await replicas.SendAsync(HttpMethod.Get, reader, target);
            if (read.StatusCode == HttpStatusCode.NotFound)
                break;
            Assert.Equal(HttpStatusCode.OK, read.StatusCode);
            Assert.InRange(read.Content.Headers.LastModified!.Value - DateTimeOffset.UtcNow - stampError, TimeSpan.FromSeconds(-10), TimeSpan.FromSeconds(2));
            Assert.True(Stopwatch.GetElapsedTime(after) < Lifetime + LateMax, $"{target} has not expired.");
        }

        Assert.True(Stopwatch.GetElapsedTime(before) >= Lifetime - ClockTolerance, $"{target} expired after {Stopwatch.GetElapsedTime(before)}.");
    }

    /// <summary>A program that starts another one, with a clock that is wrong.</summary>
    public static string[] Faketime(string error)
    {
        var library = Directory.EnumerateDirectories("/usr/lib").Select(directory => Path.Combine(directory, "faketime", "libfaketimeMT.so.1")).FirstOrDefault(File.Exists)
            ?? throw new InvalidOperationException("libfaketime is not installed. ./test.sh installs it; without it, run the tests with --filter Needs!=packages.");
        return ["env", $"LD_PRELOAD={library}", $"FAKETIME={error}", "FAKETIME_DONT_FAKE_MONOTONIC=1"];
    }
}
