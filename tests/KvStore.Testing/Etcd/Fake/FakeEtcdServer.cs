using Google.Protobuf;
using KvStore.Etcd;
using KvStore.Etcd.Protocol;

namespace KvStore.Testing;

/// <summary>
/// An etcd cluster in memory, for any number of <see cref="FakeEtcd"/> clients: revisions, transactions, reads of old revisions, compaction and
/// watches with history, as etcd 3.4 answers them. Thread-safe: each call is one atomic step.
/// </summary>
internal sealed class FakeEtcdServer
{
    private readonly Lock _lock = new();
    private readonly List<FakeEtcdWatch> _watches = [];
    private readonly List<Action> _delayed = [];

    // One for each revision from the compacted one on.
    private readonly List<EtcdState> _states = [EtcdState.Initial];
    private long _watchId;
    private int _reports;
    private long _compactedRevision;

    /// <summary>The id of the cluster.</summary>
    public ulong ClusterId { get; init; } = 0xC1;

    /// <summary>The version that its member reports.</summary>
    public string Version { get; set; } = "3.5.28";

    /// <summary>The size from which requests are refused: etcd's <c>--max-request-bytes</c>.</summary>
    public int RequestBytesMax { get; set; } = 3 << 19;

    /// <summary>The most comparisons or operations of a transaction: etcd's <c>--max-txn-ops</c>.</summary>
    public int TransactionOperationsMax { get; set; } = 128;

    /// <summary>Whether the alarm NOSPACE is raised: transactions with a put are refused, others are not.</summary>
    public bool IsFull { get; set; }

    /// <summary>The size of the database file that its member reports.</summary>
    public long FileBytes { get; set; }

    /// <summary>What of it is in use.</summary>
    public long UsedBytes { get; set; }

    /// <summary>The most revisions in one response of a watch that starts in the past.</summary>
    public int WatchRevisionsMax { get; set; } = 1000;

    /// <summary>How many revisions behind the member is that answers a serializable read.</summary>
    public Func<int> SerializableLag { get; set; } = () => 0;

    /// <summary>Called with each revision as it is written, before anyone has an answer, while no other call is executed.</summary>
    public Action<EtcdState> Written { get; set; } = _ => { };

    public EtcdState Latest => Locked(() => _states[^1]);

    public long Revision => Latest.Revision;

    public long CompactedRevision => Locked(() => _compactedRevision);

    /// <summary>How many requests wait for <see cref="ExecuteDelayed"/>.</summary>
    public int Delayed => Locked(() => _delayed.Count);

    /// <summary>Reads. With a lag, as a member that is so many revisions behind.</summary>
    public RangeResponse Range(RangeRequest request, int lag = 0) => Locked(() =>
    {
        EtcdRules.CheckKey(request.Key);
        var behind = lag + (request.Serializable ? SerializableLag() : 0);
        var latest = _states[Math.Max(0, _states.Count - 1 - behind)];
        CheckRevision(request, latest.Revision);
        var response = (request.Revision > 0 ? At(request.Revision) : latest).Range(request);
        response.Header = NewHeader(latest.Revision);
        return response;
    });

    /// <summary>Executes a transaction. With a lag, one that only reads is answered by a member that is so many revisions behind.</summary>
    public TxnResponse Txn(TxnRequest request, int lag = 0) => Locked(() =>
    {
        EtcdRules.Check(request, TransactionOperationsMax, RequestBytesMax, IsFull);
        var isRead = request.Success.Concat(request.Failure).All(operation => operation.RequestRange is not null);
        var latest = _states[Math.Max(0, _states.Count - 1 - (isRead ? lag : 0))];
        var (after, response) = EtcdTransaction.Evaluate(latest, request, range => CheckRevision(range, latest.Revision), At);
        response.Header = NewHeader(response.Header.Revision);
        if (after == latest)
            return response;
        _states.Add(after);
        Written(after);
        foreach (var watch in _watches)
            watch.Add([after], NewHeader(after.Revision));
        return response;
    });

    public void Compact(long revision) => Locked(() =>
    {
        if (revision > _states[^1].Revision)
            throw new EtcdException(EtcdFailure.Refused, "etcdserver: mvcc: required revision is a future revision");
        if (revision <= _compactedRevision)
            throw NewCompacted();
        _states.RemoveRange(0, (int)(revision - _states[0].Revision));

        // What a compaction keeps of its own revision are the keys, so that a watch from there does not see what was deleted there.
        _states[0] = _states[0] with { Events = [.. _states[0].Events.Where(change => change.Type == Event.Types.EventType.Put)] };
        _compactedRevision = revision;
        return 0;
    });

    /// <summary>Starts a watch: the response that it was created, the history from its start, and from then on each revision as it is written.</summary>
    public FakeEtcdWatch Watch(WatchCreateRequest request) => Locked(() =>
    {
        EtcdRules.CheckKey(request.Key);
        var watch = new FakeEtcdWatch(request, ++_watchId);
        watch.Created(NewHeader(_states[^1].Revision));
        var start = request.StartRevision > 0 ? request.StartRevision : _states[^1].Revision + 1;
        if (start < _compactedRevision)
            watch.Fail(NewCompacted());
        foreach (var batch in _states.Where(state => state.Revision >= start).Chunk(WatchRevisionsMax))
            watch.Add(batch, NewHeader(_states[^1].Revision));
        _watches.Add(watch);
        return watch;
    });

    public void Remove(FakeEtcdWatch watch) => Locked(() => _watches.Remove(watch));

    /// <summary>Keeps a request, which <see cref="ExecuteDelayed"/> executes: it is under way, and its sender has long given up.</summary>
    public void Delay(Action request) => Locked(() =>
    {
        _delayed.Add(request);
        return 0;
    });

    /// <summary>Executes one of the delayed requests, whose answer is for no one.</summary>
    /// <param name="choose">Chooses an index below the number of requests.</param>
    public void ExecuteDelayed(Func<int, int> choose)
    {
        var request = Locked(() =>
        {
            if (_delayed.Count == 0)
                return () => { };
            var index = choose(_delayed.Count);
            var chosen = _delayed[index];
            _delayed.RemoveAt(index);
            return chosen;
        });
        try
        {
            request();
        }
        catch (EtcdException)
        {
            // No one is left to receive the refusal.
        }
    }

    /// <summary>Puts a key past all clients.</summary>
    public long Put(string key, string value)
    {
        var put = new PutRequest { Key = ByteString.CopyFromUtf8(key), Value = ByteString.CopyFromUtf8(value) };
        return Txn(new TxnRequest { Success = { new RequestOp { RequestPut = put } } }).Header.Revision;
    }

    /// <summary>Deletes a key past all clients.</summary>
    public long Delete(string key)
    {
        var deletion = new DeleteRangeRequest { Key = ByteString.CopyFromUtf8(key) };
        return Txn(new TxnRequest { Success = { new RequestOp { RequestDeleteRange = deletion } } }).Header.Revision;
    }

    private T Locked<T>(Func<T> action)
    {
        lock (_lock)
            return action();
    }

    private EtcdState At(long revision) => _states[(int)(revision - _states[0].Revision)];

    private void CheckRevision(RangeRequest request, long latest)
    {
        if (request.Revision > latest)
            throw new EtcdException(EtcdFailure.Refused, "etcdserver: mvcc: required revision is a future revision");
        if (request.Revision > 0 && request.Revision < _compactedRevision)
            throw NewCompacted();
    }

    private ResponseHeader NewHeader(long revision) => new() { ClusterId = ClusterId, MemberId = 1, RaftTerm = 2, Revision = revision };

    /// <summary>Waits until its member has been asked for its status so many times more.</summary>
    public Task ReportedAsync(int times)
    {
        var until = Volatile.Read(ref _reports) + times;
        return Soon.UntilAsync(() => Volatile.Read(ref _reports) >= until);
    }

    public void Reported() => Interlocked.Increment(ref _reports);

    private static EtcdException NewCompacted() => new(EtcdFailure.Compacted, "etcdserver: mvcc: required revision has been compacted");
}
