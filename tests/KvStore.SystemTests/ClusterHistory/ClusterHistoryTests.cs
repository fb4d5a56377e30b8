using System.Diagnostics;
using System.Globalization;

namespace KvStore.SystemTests;

/// <summary>
/// The promise of the cluster, on what its clients really saw while its processes were killed and paused and its network was cut: every history is linearizable over all
/// replicas. KVSTORE_TEST_LONG=1 records 5,000 histories; KVSTORE_TEST_HISTORIES says how many.
/// </summary>
[Trait("Needs", "packages")]
[Trait("Time", "any")]
public sealed class ClusterHistoryTests
{
    private const int Lanes = 4;
    private const int ConfigurationsMax = 1_000_000;

    private static readonly int Histories =
        int.TryParse(Environment.GetEnvironmentVariable("KVSTORE_TEST_HISTORIES"), CultureInfo.InvariantCulture, out var count) ? count
        : Environment.GetEnvironmentVariable("KVSTORE_TEST_LONG") == "1" ? 5000 : 120;

    // The outcome of a commit is unknown before the clients lose their patience, or after; and the history is short, so that old revisions leave it.
    private static readonly (string, string)[] Settings = [("EtcdTimeout", "2s"), ("ReadWaitMax", "2s"), ("DeliveryWaitMax", "2s")];

    [Fact(Timeout = 7200_000)]
    public async Task Histories_WhileProcessesAndNetworkFail_AreLinearizable()
    {
        var random = Seed.NewRandom();
        await using var cluster = await ReplicaCluster.StartAsync(3, Settings, isCuttable: true);
        await using var faults = ClusterFaults.Start(cluster, new Random(random.Next()));
        await using var watch = RoamingWatch.Start(cluster, "appended-", new Random(random.Next()));
        await using var ballast = Ballast.Start(cluster, new Random(random.Next()));
        var (operations, lost, rejected, unknown, repeated, appends, local) = (0, 0, 0, 0, 0, 0, 0);
        var keyed = new List<(string Request, Response Response)>();
        var started = Stopwatch.GetTimestamp();
        var next = 0;
        var seeds = Enumerable.Range(0, Histories).Select(_ => random.Next()).ToArray();
        try
        {
            await Task.WhenAll(Enumerable.Range(0, Lanes).Select(_ => Task.Run(RecordAsync)));
        }
        catch (Exception exception) when (exception is not Xunit.Sdk.XunitException)
        {
            throw new InvalidOperationException($"{exception.Message}\n{faults.Counts}\n{cluster.Transcript}", exception);
        }

        await faults.StopAsync();
        await ballast.StopAsync();
        var recovering = Stopwatch.GetTimestamp();
        var entries = await ReplicaComparison.AssertEqualAsync(cluster.Replicas);
        var recovery = Stopwatch.GetElapsedTime(recovering);
        await AssertReplayedAsync(cluster, keyed);
        await watch.AssertCompleteAsync();

        // Such as that the state of a replica differed from that of the others, and was loaded again.
        Assert.Empty(cluster.Replicas.SelectMany(replica => replica.LinesWith("\"level\":\"Error\"")));

        var checkpoints = cluster.Replicas.Sum(replica => replica.LinesWith("checkpoint").Count());
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{Histories} histories in {Stopwatch.GetElapsedTime(started).TotalSeconds:F0} s of {operations} operations, {lost} of them lost; besides {rejected} rejected, {unknown} answered as unknown, "
            + $"{repeated} repeated until answered, {appends} appends, watched over {watch.Resumed} connections, {local} local reads. {ballast.Bytes >> 20} MiB of large values, {checkpoints} logged lines about checkpoints. {entries} entries, equal on all replicas {recovery.TotalSeconds:F1} s after the last fault. "
            + $"{faults.Total} faults: {faults.Counts}. The longest start of a replica took {faults.LongestStart.TotalSeconds:F1} s.");
        Assert.DoesNotContain(0, new[] { lost, rejected, repeated, appends, local });

        async Task RecordAsync()
        {
            for (var i = Interlocked.Increment(ref next) - 1; i < Histories; i = Interlocked.Increment(ref next) - 1)
            {
                var (history, appended) = await ClusterRecorder.RecordAsync(cluster, $"history-{i}/", new Random(seeds[i]));
                if (history.FindViolation(appended, ConfigurationsMax) is { } wrong)
                {
                    Interlocked.Add(ref next, Histories);
                    Assert.Fail($"History {i}, with the seed that is printed. {wrong}\n{faults.Counts}\n{cluster.Transcript}");
                }

                lock (keyed)
                {
                    operations += history.Operations.Count;
                    lost += history.Operations.Count(operation => operation.IsLost);
                    (rejected, unknown, repeated) = (rejected + history.Rejected, unknown + history.Unknown, repeated + history.Repeated);
                    (appends, local) = (appends + history.Appends, local + history.LocalReads);
                    if (history.Keyed is { } some)
                        keyed.Add(some);
                }
            }
        }
    }

    // Any replica answers a repeated write as the first one did.
    private static async Task AssertReplayedAsync(ReplicaCluster cluster, List<(string Request, Response Response)> keyed)
    {
        using var client = new ReplicaClient(cluster.Replicas, TimeSpan.FromSeconds(10));
        foreach (var ((request, response), i) in keyed.Select((some, i) => (some, i)))
        {
            var reply = await client.SendAsync(i % cluster.Replicas.Count, request);
            Assert.Equal("true", reply.Response?.Header("Idempotency-Replayed"));
            Assert.Equal((response.Status, response.Revision, response.ETag, response.Text), (reply.Response!.Status, reply.Response.Revision, reply.Response.ETag, reply.Response.Text));
        }
    }
}
