namespace KvStore.Etcd;

/// <summary>Who a replica is, and how replicas listen to each other.</summary>
internal sealed record MembershipOptions
{
    /// <summary>What all keys of the cluster in etcd begin with.</summary>
    public required string Prefix { get; init; }

    /// <summary>What operators call this replica. Asked for each record, because a port may be chosen late.</summary>
    public required Func<string> Name { get; init; }

    /// <summary>Where clients and other replicas reach it; likewise.</summary>
    public required Func<string> Url { get; init; }

    /// <summary>The version of the program.</summary>
    public required string Version { get; init; }

    /// <summary>Names this process.</summary>
    public string Id { get; init; } = Guid.NewGuid().ToString("N")[..16];

    /// <summary>How often it rewrites its record.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long another one may be silent. Then it has failed. Longer than two intervals, because a record may be late, and one whose member of etcd hangs needs an interval and
    /// the timeout of a call to reach another; shorter than the 3 seconds within which all replicas show it.
    /// </summary>
    public TimeSpan SilenceMax { get; init; } = TimeSpan.FromSeconds(2.5);

    /// <summary>How long the clock of a silent one counts: it does not get wrong by a pause.</summary>
    public TimeSpan ClockSilenceMax { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long another one may be silent before its record is removed.</summary>
    public TimeSpan ForgottenAfter { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How often silence is looked at, a joining replica announces itself, and a failed call is made again.</summary>
    public TimeSpan Tick { get; init; } = TimeSpan.FromSeconds(0.1);

    /// <summary>The least time between two announcements, since those of others are answered.</summary>
    public TimeSpan AnnouncementGap { get; init; } = TimeSpan.FromSeconds(0.02);

    /// <summary>How long a replica that joins waits for all others to say what time it is. Then half of them are enough; those that are silent fail meanwhile.</summary>
    public TimeSpan JoinWaitMax { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>What the keys of all records begin with.</summary>
    public string RecordPrefix => Prefix + "replica/";
}
