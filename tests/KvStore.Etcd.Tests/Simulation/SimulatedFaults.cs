using Google.Protobuf;
using KvStore.Etcd.Protocol;

namespace KvStore.Etcd.Tests;

/// <summary>The faults between one replica and etcd: which kinds there are, and how often each, is drawn once. Thread-safe.</summary>
internal sealed class SimulatedFaults
{
    private static readonly EtcdFault[] Kinds =
        [EtcdFault.NotSent, EtcdFault.Refused, EtcdFault.RequestLost, EtcdFault.AnswerLost, EtcdFault.RequestDelayed, EtcdFault.SentTwice, EtcdFault.Stale];

    private const int CallsMax = 20_000;

    private readonly Lock _lock = new();
    private readonly Random _random;
    private readonly bool _isReadSafe;
    private readonly (EtcdFault Kind, int PerMille)[] _calls;
    private readonly int _brokenPerMille;
    private readonly int _silentPerMille;
    private readonly int _lostPerMille;
    private readonly int _rewind;
    private readonly int _latencyMax;
    private long _count;
    private volatile bool _isHealed;

    public SimulatedFaults(Random random, bool isReadSafe)
    {
        var seed = random.Next();
        (_random, _isReadSafe) = (new Random(seed), isReadSafe);

        // Drawn aside, so that seeds that failed once mean the same as then.
        var aside = new Random(~seed);
        _lostPerMille = aside.Next(3) == 0 ? aside.Next(40) : 0;
        var worst = random.Next(4) == 0 ? 0 : random.Next(10, 250);
        _calls = [.. Kinds.Where(kind => !(isReadSafe && kind == EtcdFault.Stale)).Select(kind => (kind, random.Next(2) * random.Next(worst + 1)))];
        _brokenPerMille = random.Next(3) * random.Next(40);
        _silentPerMille = random.Next(3) * random.Next(10);
        _rewind = random.Next(2) * random.Next(8);
        _latencyMax = random.Next(1, 8);
    }

    /// <summary>How many calls and events there were.</summary>
    public long Count => Interlocked.Read(ref _count);

    public void Attach(FakeEtcd client)
    {
        client.Fault = request => _isHealed ? EtcdFault.None : Draw(request);
        client.WatchFault = _ => _isHealed ? EtcdWatchFault.None : DrawWatch();
        client.WatchRewind = () => Next(_rewind + 1);
        client.Sending = client.Answering = _ => TravelAsync();
        client.IsReadSafe = _isReadSafe;
        client.StaleLag = 1 + Next(5);
    }

    /// <summary>No more faults, except of what is silent already.</summary>
    public void Heal() => _isHealed = true;

    private EtcdFault Draw(IMessage request)
    {
        // A loop that waits for nothing would otherwise never let the clock move.
        if (Interlocked.Increment(ref _count) > CallsMax)
            throw new InvalidOperationException($"A replica calls etcd without end: {request}");
        var at = Next(1000);
        foreach (var (kind, perMille) in _calls)
        {
            if ((at -= perMille) >= 0)
                continue;
            return kind == EtcdFault.SentTwice && request is not TxnRequest ? EtcdFault.None : kind;
        }

        return EtcdFault.None;
    }

    private EtcdWatchFault DrawWatch()
    {
        Interlocked.Increment(ref _count);
        var at = Next(1000);
        return at < _brokenPerMille ? EtcdWatchFault.Broken
            : at < _brokenPerMille + _silentPerMille ? EtcdWatchFault.Silent
            : at < _brokenPerMille + _silentPerMille + _lostPerMille ? EtcdWatchFault.Lost
            : EtcdWatchFault.None;
    }

    // Requests and answers overtake each other.
    private async Task TravelAsync()
    {
        for (var i = Next(_latencyMax); i > 0; i--)
            await Task.Yield();
    }

    private int Next(int max)
    {
        lock (_lock)
            return _random.Next(max);
    }
}
