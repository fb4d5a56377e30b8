using Google.Protobuf;
using Google.Protobuf.Collections;
using KvStore.Etcd.Protocol;

namespace KvStore.Etcd;

/// <summary>
/// The records of all replicas, from lists and events of etcd, and how long each has been silent by this machine's monotonic clock. It makes no calls. Thread-safe.
/// </summary>
/// <remarks>
/// Only time in which etcd was observed counts as silence, and it is observed while the own record comes back from it when it should: after a pause of this process, while etcd
/// elects a leader or while it is away, the others are silent for no fault of their own.
/// </remarks>
internal sealed class ReplicaTable(MembershipOptions options, Func<long> revision, TimeProvider time)
{
    private const int JoinSamples = 3;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, ObservedReplica> _replicas = new(StringComparer.Ordinal);

    // The revision of etcd up to which lists and events have been applied.
    private long _applied;
    private TimeSpan _observed;
    private long _tickedAt = time.GetTimestamp();

    /// <summary>The time since the own record came back from etcd; zero if it never did.</summary>
    public TimeSpan OwnSilence => Locked(() => _replicas.TryGetValue(options.Id, out var own) ? time.GetElapsedTime(own.HeardTimestamp) : TimeSpan.Zero);

    /// <summary>Applies a list of all records.</summary>
    /// <returns>Whether one was in it that was not known, or that does not know the others' clocks yet.</returns>
    public bool Apply(RangeResponse list) => Locked(() =>
    {
        // An event that came first was newer.
        if (list.Header.Revision < _applied)
            return false;
        _applied = list.Header.Revision;
        var ids = new HashSet<string>(StringComparer.Ordinal);
        var isNews = false;
        foreach (var kv in list.Kvs)
        {
            if (ids.Add(IdOf(kv.Key)))
                isNews |= Put(kv, isFresh: false);
        }

        foreach (var id in _replicas.Keys.Where(id => !ids.Contains(id)).ToArray())
            _replicas.Remove(id);
        FollowFailures();
        return isNews;
    });

    /// <summary>Applies events in etcd's order.</summary>
    /// <returns>The same of them.</returns>
    public bool Apply(RepeatedField<Event> events) => Locked(() =>
    {
        var isNews = false;
        foreach (var change in events)
        {
            // Several events may have one revision, so what is before it is skipped and it is not.
            if (change.Kv.ModRevision < _applied)
                continue;
            _applied = change.Kv.ModRevision;
            if (change.Type == Event.Types.EventType.Delete)
                _replicas.Remove(IdOf(change.Kv.Key));
            else
                isNews |= Put(change.Kv, isFresh: true);
        }

        FollowFailures();
        return isNews;
    });

    /// <summary>Counts the time since the last call as observed or not, and finds out who has failed.</summary>
    public void Tick(bool isCurrent) => Locked(() =>
    {
        var now = time.GetTimestamp();
        var elapsed = time.GetElapsedTime(_tickedAt, now);
        _tickedAt = now;
        if (isCurrent && OwnSilence < options.Interval + (2 * options.Tick))
            _observed += elapsed < 2 * options.Tick ? elapsed : 2 * options.Tick;
        foreach (var (id, replica) in _replicas)
            replica.IsFailed |= id != options.Id && _observed - replica.HeardAt >= options.SilenceMax;
        return 0;
    });

    /// <summary>The replicas, by their ids.</summary>
    public Replica[] List() => Locked(() => _replicas.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => new Replica(
        pair.Value.Record, pair.Value.IsFailed ? ReplicaState.Failed : pair.Value.Record.State, time.GetElapsedTime(pair.Value.HeardTimestamp), pair.Value.Lag)
    {
        ModRevision = pair.Value.ModRevision,
    }).ToArray());

    /// <summary>The ids of those that have failed, sorted.</summary>
    public string[] Failed() => Locked(() => _replicas.Where(pair => pair.Value.IsFailed).Select(pair => pair.Key).Order(StringComparer.Ordinal).ToArray());

    /// <summary>Those whose records are removed: they have been silent for so long, or have been started again.</summary>
    public Replica[] Forgotten() => Locked(() => List().Where(replica => replica.State == ReplicaState.Failed &&
        (_observed - _replicas[replica.Record.Id].HeardAt >= options.ForgottenAfter || IsReplaced(_replicas[replica.Record.Id]))).ToArray());

    /// <summary>The place of this replica among those that are ready, by their ids. One that is not ready has the place that it would have.</summary>
    public int Rank() => Locked(() => _replicas.Count(pair =>
        !pair.Value.IsFailed && pair.Value.Record.State == ReplicaState.Ready && string.CompareOrdinal(pair.Key, options.Id) < 0));

    /// <summary>The clocks of the others that live, or did lately.</summary>
    public ClockSample[] Clocks() => Locked(() => _replicas.Where(pair => pair.Key != options.Id && _observed - pair.Value.HeardAt < options.ClockSilenceMax && !IsReplaced(pair.Value))
        .Select(pair => pair.Value.Clock).OfType<ClockSample>().ToArray());

    /// <summary>Whether each of the others has failed, or has been heard so often that one of the records was hardly delayed.</summary>
    public bool HasHeardAll() => Locked(() => Others().All(other => other.Samples >= JoinSamples));

    /// <summary>Whether half of the others that have not failed have said what time it is.</summary>
    public bool HasHeardHalf() => Locked(() => Others().Count(other => other.Samples > 0) * 2 >= Others().Count());

    private IEnumerable<ObservedReplica> Others() => _replicas.Where(pair => pair.Key != options.Id && !pair.Value.IsFailed).Select(pair => pair.Value);

    private bool IsReplaced(ObservedReplica replica) =>
        _replicas.Values.Any(other => !other.IsFailed && other.ModRevision > replica.ModRevision && (other.Record.Name, other.Record.Url) == (replica.Record.Name, replica.Record.Url));

    private bool Put(KeyValue kv, bool isFresh)
    {
        var id = IdOf(kv.Key);
        if (ReplicaRecord.Read(kv.Value, id) is not { } record)
            return false;
        var isNew = !_replicas.TryGetValue(id, out var replica);
        if (replica is null)
            _replicas.Add(id, replica = new ObservedReplica(record, kv.ModRevision));
        else if (replica.ModRevision >= kv.ModRevision)
            return false;

        // A copy of a request that was delayed on its way to etcd says nothing new.
        var isLater = isNew || record.Counter > replica.Record.Counter;
        replica.Update(record, kv.ModRevision);
        if (!isLater)
            return false;
        replica.Hear(_observed, time.GetTimestamp(), revision());
        if (isFresh && id != options.Id)
            replica.AddSample(ClusterClock.Monotonic(time));
        return id != options.Id && (isNew || record.ClockOffset is null);
    }

    // One that was only listed may be dead for long: those who have listened know.
    private void FollowFailures()
    {
        foreach (var (id, replica) in _replicas)
        {
            replica.IsFailed |= !replica.IsHeard && id != options.Id && replica.Clock is null &&
                _replicas.Any(other => !other.Value.IsFailed && other.Key != options.Id && other.Key != id && other.Value.Record.Failed.Contains(id));
        }
    }

    private string IdOf(ByteString key) => key.ToStringUtf8()[options.RecordPrefix.Length..];

    private T Locked<T>(Func<T> action)
    {
        lock (_lock)
            return action();
    }
}
