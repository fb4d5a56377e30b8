using System.Globalization;

namespace KvStore.SystemTests;

/// <summary>Replicas of this version beside one of a later version, which this test plays.</summary>
[Trait("Needs", "packages")]
[Trait("Run", "once")]
public sealed class VersionTests
{
    private const byte LaterFormat = 127;
    private const string Reason = "The record has format 127, and this version knows ";

    private static readonly TimeSpan ExitTimeout = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task RecordOfALaterFormat_EndsTheReplica_AndNothingIsChanged()
    {
        await using var replicas = await ReplicaProcesses.StartAsync(members: 1);
        var running = await replicas.StartAsync("running");
        Assert.True((await replicas.SendAsync(HttpMethod.Put, running, "/v1/kv/key", "value")).IsSuccessStatusCode);

        // A whole record, of which the format is known; what follows it is not.
        var position = await replicas.Etcd.RevisionAsync();
        var record = string.Create(CultureInfo.InvariantCulture, $"kvstore/log/{position:x16}/{1:x16}/{1:x8}");
        await replicas.Etcd.PutAsync((record, [1, 8, LaterFormat, 0xfa, 1, 0]), ("kvstore/log", []));
        var written = await replicas.Etcd.RevisionAsync();

        Assert.Equal(4, await running.WaitForExitAsync(ExitTimeout));
        Assert.True(running.Error.ToString().Contains("KvStore has ended: " + Reason, StringComparison.Ordinal), running.Transcript);
        await using var starting = ServerProcess.Launch(["--urls", "http://127.0.0.1:0", "--engine", "etcd", "--etcd", replicas.EtcdUrls]);
        Assert.Equal(4, await starting.WaitForExitAsync(ExitTimeout));
        Assert.Contains("KvStore cannot start: " + Reason, starting.Error.ToString(), StringComparison.Ordinal);

        // Announcements of replicas are not part of the store.
        Assert.All(await replicas.Etcd.ChangedAfterAsync(written), key => Assert.StartsWith("kvstore/replica/", key, StringComparison.Ordinal));
        Assert.Contains(record, await replicas.Etcd.ChangedAfterAsync(position));
    }
}
