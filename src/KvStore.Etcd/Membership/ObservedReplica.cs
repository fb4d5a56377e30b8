namespace KvStore.Etcd;

/// <summary>What a <see cref="ReplicaTable"/> knows of one replica. Guarded by the table's lock.</summary>
internal sealed class ObservedReplica(ReplicaRecord record, long modRevision)
{
    // Delays only make a sample smaller, so the largest of the latest ones is the best.
    private const int SamplesMax = 6;

    private readonly Queue<ClockSample> _samples = new(SamplesMax);

    public ReplicaRecord Record { get; private set; } = record;

    /// <summary>The revision of etcd at which the record was written.</summary>
    public long ModRevision { get; private set; } = modRevision;

    /// <summary>Whether it has said something since it was first seen here.</summary>
    public bool IsHeard { get; private set; }

    /// <summary>How long etcd had been observed when it last said something.</summary>
    public TimeSpan HeardAt { get; private set; }

    /// <summary>The timestamp of that.</summary>
    public long HeardTimestamp { get; private set; }

    /// <summary>How many revisions it was behind then.</summary>
    public long Lag { get; private set; }

    public bool IsFailed { get; set; }

    /// <summary>Its clocks, relative to this machine's monotonic one; null until it was heard.</summary>
    public ClockSample? Clock => _samples.Count == 0 ? null : new(_samples.Max(sample => sample.Own), _samples.Max(sample => sample.Cluster));

    /// <summary>How many samples there are of that.</summary>
    public int Samples => _samples.Count;

    public void Update(ReplicaRecord record, long modRevision)
    {
        IsHeard |= record.Counter > Record.Counter;
        (Record, ModRevision) = (record, modRevision);
    }

    public void Hear(TimeSpan observed, long timestamp, long revision)
    {
        (HeardAt, HeardTimestamp, Lag) = (observed, timestamp, Math.Max(0, revision - Record.Revision));
        IsFailed = false;
    }

    public void AddSample(TimeSpan monotonic)
    {
        if (_samples.Count == SamplesMax)
            _samples.Dequeue();
        var own = TimeSpan.FromMilliseconds(Record.Clock) - monotonic;
        _samples.Enqueue(new(own, Record.ClockOffset is { } offset ? own + TimeSpan.FromMilliseconds(offset) : null));
    }
}

/// <summary>What another replica's clocks are ahead of this machine's monotonic one: they are compared with it, because the own clock may be set meanwhile.</summary>
/// <param name="Own">Its own clock.</param>
/// <param name="Cluster">Its <see cref="ClusterClock"/>; null while it has none.</param>
internal readonly record struct ClockSample(TimeSpan Own, TimeSpan? Cluster);
