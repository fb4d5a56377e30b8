using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace KvStore.SystemTests;

/// <summary>A cluster with many entries, which another replica joins. KVSTORE_TEST_LONG=1 has a million of them.</summary>
[Trait("Needs", "packages")]
public sealed class ClusterSizeTests
{
    private const int ValueBytes = 100;

    private static readonly bool IsLong = Environment.GetEnvironmentVariable("KVSTORE_TEST_LONG") == "1";
    private static readonly int Entries = IsLong ? 1_000_000 : 200_000;
    private static readonly TimeSpan ReadyMax = TimeSpan.FromSeconds(IsLong ? 20 : 30);

    [Fact(Timeout = 900_000)]
    public async Task NewReplica_OfManyEntries_IsReadySoonAndNeverPartial()
    {
        await using var cluster = await ReplicaCluster.StartAsync(1);
        var started = Stopwatch.GetTimestamp();
        await ImportAsync(cluster.Replicas[0]);
        var import = Stopwatch.GetElapsedTime(started);

        var joined = cluster.Add();
        joined.Launch();
        started = Stopwatch.GetTimestamp();
        var (rejected, ready) = (0, TimeSpan.Zero);
        using var client = new ReplicaClient([joined], TimeSpan.FromSeconds(30));
        string[] reads = ["/v1/kv?count_only=true", "/v1/kv?count_only=true&consistency=local", $"/v1/kv/large/{Entries - 1}", $"/v1/kv/large/{Entries - 1}?consistency=local", "/v1/kv?limit=1&prefix=large/999"];
        while (ready == TimeSpan.Zero)
        {
            foreach (var read in reads)
            {
                // It does not listen yet.
                var reply = await client.SendAsync(0, $"GET {read} HTTP/1.1\r\nHost: localhost\r\n\r\n");
                if (reply.Response is not { } response)
                    Assert.False(reply.IsSent, $"{read} was not answered. {joined.Transcript}");
                else if (response.Status == 503)
                    rejected++;
                else if (response.Expect(200) is { } answer && read.Contains("count_only", StringComparison.Ordinal))
                    Assert.Equal(Entries, answer.Json.GetProperty("count").GetInt32());
                if (Stopwatch.GetElapsedTime(started) > TimeSpan.FromMinutes(3))
                    throw new TimeoutException(joined.Transcript);
            }

            if (await joined.IsReadyAsync(TestContext.Current.CancellationToken))
                ready = Stopwatch.GetElapsedTime(started);
        }

        var database = await cluster.Etcd.Members[0].DatabaseBytesAsync();
        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{Entries} entries of {ValueBytes} B: imported in {import.TotalSeconds:F1} s; a new replica was ready after {ready.TotalSeconds:F1} s, {rejected} requests before that were answered 503; "
            + $"it has {Mebibytes(joined.ResidentBytes())} MiB, the one that imported {Mebibytes(cluster.Replicas[0].ResidentBytes())} MiB; etcd's database has {Mebibytes(database)} MiB"));

        // So few that a replica may have loaded them before the first request comes.
        if (IsLong)
            Assert.NotEqual(0, rejected);
        Assert.InRange(ready, TimeSpan.Zero, ReadyMax);
        await client.ExpectAsync(0, 201, "PUT", "/v1/kv/after", "value");
        Assert.Equal($"{Entries + 1}", (await ReplicaComparison.GetAsync(cluster.Replicas[0], "/v1/kv?count_only=true")).Json.GetProperty("count").GetRawText());
    }

    private static long Mebibytes(long bytes) => bytes >> 20;

    private static async Task ImportAsync(Replica replica)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromMinutes(10) };
        var value = new string('v', ValueBytes);
        var lines = new StringBuilder();
        for (var i = 0; i < Entries; i++)
            lines.Append(CultureInfo.InvariantCulture, $$"""{"key":"large/{{i}}","text":"{{value}}"}""").Append('\n');
        using var content = new StringContent(lines.ToString(), Encoding.UTF8, "application/x-ndjson");
        using var response = await http.PostAsync(new Uri(replica.Address, "/v1/import"), content, TestContext.Current.CancellationToken);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }
}
