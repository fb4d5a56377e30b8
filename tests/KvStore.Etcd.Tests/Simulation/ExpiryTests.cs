using Google.Protobuf;

namespace KvStore.Etcd.Tests;

/// <summary>Every replica knows what is due, and one deletes it.</summary>
public sealed class ExpiryTests
{
    private const int Entries = 1000;

    // Each of three would write them all: two records of 512 operations for a thousand entries, and six together.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Entries_Due_AreDeletedByOneReplicaInTime(bool isFirstDead)
    {
        var cluster = new SimulatedCluster(new Random(1), 3, new EtcdLogOptions());
        try
        {
            long records = 0;
            var deadline = DateTimeOffset.MinValue;
            await cluster.DriveAsync(Task.Run(WriteAndWaitAsync, CancellationToken.None));

            // Within a second when nothing else runs: on a busy machine time passes while threads wait for a processor.
            Assert.InRange(cluster.Time.GetUtcNow() - deadline, TimeSpan.Zero, TimeSpan.FromSeconds(10));
            Assert.InRange(Records(cluster) - records, 2, 3);
            Assert.Empty(cluster.Oracle.Mistakes);

            async Task WriteAndWaitAsync()
            {
                deadline = cluster.Time.GetUtcNow().AddSeconds(30);
                for (var first = 0; first < Entries; first += 100)
                {
                    var puts = Enumerable.Range(first, 100).Select(Operation (number) => new Put(Some.Key($"k/{number}"), Some.Bytes("x"), "text/plain", deadline)).ToArray();
                    while ((await cluster.SubmitAsync(1, $"{first}", new Transaction([Oracle.NewMark($"{first}")], [.. puts]))).Outcome is not Outcome.Committed)
                        await Task.Delay(TimeSpan.FromMilliseconds(10), cluster.Time, CancellationToken.None);
                }

                if (isFirstDead)
                    cluster.Replicas[0].Etcd.CutOff();
                records = Records(cluster);
                while (cluster.Oracle.Latest.Count > 0)
                    await Task.Delay(TimeSpan.FromMilliseconds(10), cluster.Time, CancellationToken.None);
            }
        }
        finally
        {
            await cluster.StopAsync();
        }
    }

    private static long Records(SimulatedCluster cluster) => cluster.Server.Range(new() { Key = ByteString.CopyFromUtf8("kvstore/log") }).Kvs[0].Version;
}
