using Google.Protobuf;
using Google.Protobuf.Collections;
using KvStore.Etcd.Protocol;

namespace KvStore.Etcd.Tests;

public sealed class ReplicaTableTests
{
    private static readonly MembershipOptions Options = new() { Id = "m", Prefix = "kvstore/", Name = () => "own", Url = () => "http://own", Version = "1" };

    private readonly FakeTimeProvider _time = new();
    private readonly ReplicaTable _table;
    private long _revision = 10;
    private long _etcdRevision;
    private long _counter = 1;

    public ReplicaTableTests() => _table = new ReplicaTable(Options, () => _revision, _time);

    [Fact]
    public void Record_IsReadAsItWasWritten()
    {
        var record = Some("a") with { State = ReplicaState.Draining, Clock = 5, ClockOffset = -7, Failed = ["b", "c"] };
        var read = ReplicaRecord.Read(record.ToBytes(), "a")!;
        Assert.Equal(record with { Failed = read.Failed }, read);
        Assert.Equal(record.Failed, read.Failed);
        Assert.Contains("\"state\":\"draining\"", record.ToBytes().ToStringUtf8(), StringComparison.Ordinal);
        Assert.Null(ReplicaRecord.Read(record.ToBytes(), "b"));
        Assert.Null(ReplicaRecord.Read(ByteString.CopyFromUtf8("""{"id":"a","name":"n"}"""), "a"));
        Assert.Null(ReplicaRecord.Read(ByteString.CopyFromUtf8("no"), "a"));
        Assert.NotNull(ReplicaRecord.Read(ByteString.CopyFromUtf8("""{"id":"a","name":"n","url":"u","version":"9","later":{}}"""), "a"));
    }

    [Fact]
    public void Silent_Fails_AndReturnsWhenHeard()
    {
        Apply(Put(Some("a")));
        Pass(2.4);
        Assert.Equal(ReplicaState.Ready, StateOf("a"));
        Pass(0.1);
        Assert.Equal((ReplicaState.Failed, TimeSpan.FromSeconds(2.5)), (StateOf("a"), _table.List()[0].LastSeen));

        // A late copy of an old record is no sign of life.
        Apply(Put(Some("a")));
        Assert.Equal(ReplicaState.Failed, StateOf("a"));
        Apply(Put(Some("a") with { Counter = 2 }));
        Assert.Equal(ReplicaState.Ready, StateOf("a"));
    }

    [Fact]
    public void Heard_WhateverItsClock_DoesNotFail()
    {
        for (var counter = 1; counter <= 20; counter++)
        {
            Apply(Put(Some("a") with { Counter = counter, Clock = 1000 - counter }));
            Pass(2);
        }

        Assert.Equal(ReplicaState.Ready, StateOf("a"));
    }

    [Fact]
    public void PauseOfThisProcess_AndEtcdAway_AreNotSilence()
    {
        Apply(Put(Some("a")));
        Pass(1);
        _time.Advance(TimeSpan.FromMinutes(5));
        _table.Tick(isCurrent: true);
        Pass(60, isCurrent: false);
        Assert.Equal(ReplicaState.Ready, StateOf("a"));
        Pass(1.5);
        Assert.Equal(ReplicaState.Failed, StateOf("a"));
    }

    [Fact]
    public void OwnRecordDoesNotComeBack_IsNotSilence()
    {
        Apply(Put(Some("a")));
        Pass(0.9);

        // An election, for example, after which this one is heard first.
        Pass(60, isHeard: false);
        Pass(0.3);
        Assert.Equal(ReplicaState.Ready, StateOf("a"));
        Pass(0.3);
        Assert.Equal(ReplicaState.Failed, StateOf("a"));
    }

    [Fact]
    public void Forgotten_AfterTenMinutes()
    {
        Apply(Put(Some("a")));
        Pass(599.9);
        Assert.Empty(_table.Forgotten());
        Pass(0.1);
        Assert.Equal("a", Assert.Single(_table.Forgotten()).Record.Id);
        Apply(Put(Some("a") with { Counter = 2 }));
        Assert.Empty(_table.Forgotten());
    }

    [Fact]
    public void Forgotten_AtOnceIfItWasStartedAgain_AndItsClockCountsOnce()
    {
        var again = Some("again") with { Name = "a", Url = "http://a" };
        Apply(Put(Some("a")), Put(Some("b")), Put(again));
        Assert.Equal(2, _table.Clocks().Length);
        Pass(2);
        Apply(Put(again with { Counter = 2 }), Put(again with { Id = "elsewhere", Url = "http://other" }));
        Pass(0.5);
        Assert.Equal(("a", 3), (Assert.Single(_table.Forgotten()).Record.Id, _table.Clocks().Length));
    }

    [Fact]
    public void ListedOnly_IsFailedIfAnotherSaysSo_UntilItIsHeard()
    {
        Assert.True(_table.Apply(List(Some("dead"), Some("live") with { Failed = ["dead"] })));
        Assert.Equal((ReplicaState.Failed, ReplicaState.Ready), (StateOf("dead"), StateOf("live")));
        Assert.Equal(["dead"], _table.Failed());

        Apply(Put(Some("dead") with { Counter = 2 }));
        Assert.Equal(ReplicaState.Ready, StateOf("dead"));
        Apply(Put(Some("live") with { Counter = 2, Failed = ["dead"] }));
        Assert.Equal(ReplicaState.Ready, StateOf("dead"));
    }

    [Fact]
    public void List_OlderThanAnEvent_ChangesNothing()
    {
        var old = List();
        Assert.True(Apply(Put(Some("a"))));
        Assert.False(_table.Apply(old));
        Assert.Single(_table.List());

        _table.Apply(List());
        Assert.Empty(_table.List());
    }

    [Fact]
    public void Event_OlderThanAList_ChangesNothing()
    {
        var old = Put(Some("a"));
        _table.Apply(List());
        Assert.False(Apply(old));
        Assert.Empty(_table.List());
    }

    [Fact]
    public void Deletion_RemovesIt()
    {
        Apply(Put(Some("a")));
        Apply(new Event { Type = Event.Types.EventType.Delete, Kv = new KeyValue { Key = KeyOf("a"), ModRevision = ++_etcdRevision } });
        Assert.Empty(_table.List());
    }

    [Fact]
    public void Rank_CountsReadyReplicasWithSmallerIds()
    {
        Apply(Put(Some("a")));
        Apply(Put(Some("b") with { State = ReplicaState.Joining }));
        Apply(Put(Some("c") with { State = ReplicaState.Draining }));
        Apply(Put(Some("d")));
        Apply(Put(Some("z")));
        Apply(Put(Some("m")));
        Assert.Equal(2, _table.Rank());
        Pass(2.5);
        Assert.Equal(0, _table.Rank());
    }

    [Fact]
    public void Lag_IsBehindThisOneWhenItSpoke()
    {
        Apply(Put(Some("a") with { Revision = 7 }));
        _revision = 1000;
        Assert.Equal(3, _table.List()[0].Lag);
        Apply(Put(Some("a") with { Revision = 2000, Counter = 2 }));
        Assert.Equal(0, _table.List()[0].Lag);
    }

    [Fact]
    public void Clocks_AreThoseOfTheLeastDelay_OfLiveReplicasThatWereHeard()
    {
        var start = _time.GetUtcNow();
        _table.Apply(List(Some("listed") with { Clock = 1 }));
        Assert.Empty(_table.Clocks());
        Assert.False(_table.HasHeardAll());
        Assert.False(_table.HasHeardHalf());

        foreach (var (counter, delay) in ((int, int)[])[(1, 300), (2, 5), (3, 900)])
        {
            Apply(Put(Some("a") with { Counter = counter, Clock = _time.GetUtcNow().AddMilliseconds(-delay).ToUnixTimeMilliseconds(), ClockOffset = 40 }));
        }

        Assert.False(_table.HasHeardAll());
        Assert.True(_table.HasHeardHalf());
        var sample = Assert.Single(_table.Clocks());
        var right = _time.GetUtcNow() - DateTimeOffset.UnixEpoch - ClusterClock.Monotonic(_time);
        Assert.Equal((-5, 35), ((sample.Own - right).TotalMilliseconds, (sample.Cluster!.Value - right).TotalMilliseconds));
        Pass(2.5);
        Assert.True(_table.HasHeardAll());
        Assert.Single(_table.Clocks());
        Pass(12.5);
        Assert.Empty(_table.Clocks());
    }

    private static ReplicaRecord Some(string id) => new() { Id = id, Name = id, Url = "http://" + id, Version = "1", State = ReplicaState.Ready, Counter = 1 };

    private static ByteString KeyOf(string id) => ByteString.CopyFromUtf8("kvstore/replica/" + id);

    private Event Put(ReplicaRecord record) => new() { Kv = new KeyValue { Key = KeyOf(record.Id), Value = record.ToBytes(), ModRevision = ++_etcdRevision } };

    private RangeResponse List(params ReplicaRecord[] records)
    {
        var response = new RangeResponse { Kvs = { records.Select(record => Put(record).Kv) } };
        response.Header = new ResponseHeader { Revision = ++_etcdRevision };
        return response;
    }

    private bool Apply(params Event[] changes) => _table.Apply(new RepeatedField<Event> { changes });

    // Tick by tick, with the own record as it comes back from etcd.
    private void Pass(double seconds, bool isCurrent = true, bool isHeard = true)
    {
        for (var tick = 0; tick < Math.Round(seconds / Options.Tick.TotalSeconds); tick++)
        {
            if (isHeard)
                Apply(Put(Some(Options.Id) with { Counter = ++_counter }));
            _time.Advance(Options.Tick);
            _table.Tick(isCurrent);
        }
    }

    private ReplicaState StateOf(string id) => _table.List().Single(replica => replica.Record.Id == id).State;
}
