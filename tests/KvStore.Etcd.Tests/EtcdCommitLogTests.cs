namespace KvStore.Etcd.Tests;

public sealed class EtcdCommitLogTests : CommitLogContract
{
    protected override ICommitLog CreateLog(TimeProvider time) => new EtcdCommitLog(new FakeEtcd(new FakeEtcdServer()), new EtcdLogOptions(), time);
}

/// <summary>The same with an etcd that has other writers, small requests and many checkpoints, and whose reads are not safe.</summary>
public sealed class CrampedEtcdCommitLogTests : CommitLogContract
{
    protected override ICommitLog CreateLog(TimeProvider time)
    {
        var options = new EtcdLogOptions { PartBytesMax = 300, CheckpointLogBytesMin = 1000, ProbeInterval = TimeSpan.FromMilliseconds(1) };
        return new EtcdCommitLog(new FakeEtcd(new FakeEtcdServer { WatchRevisionsMax = 2 }) { IsReadSafe = false }, options, time);
    }
}
