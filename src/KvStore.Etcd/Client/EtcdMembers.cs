namespace KvStore.Etcd;

/// <summary>The members that may be asked: one is used until it fails, and one that failed is left out for a moment.</summary>
internal sealed class EtcdMembers(EtcdMember[] all, TimeProvider time)
{
    /// <summary>Long enough that calls do not alternate with a dead member, short enough to find it again.</summary>
    public static readonly TimeSpan BackOff = TimeSpan.FromSeconds(1);

    // Until when each is left out, by the time provider's timestamps; any thread, interlocked.
    private readonly long[] _leftOutUntil = new long[all.Length];
    private int _current;

    public EtcdMember[] All => all;

    /// <summary>The current member, or the next one that is not left out. If all are, the one that failed first.</summary>
    public EtcdMember Pick() => all[Next(Volatile.Read(ref _current))];

    /// <summary>After a failure that says that a member cannot serve, leaves it out for a moment and makes the next one current.</summary>
    public void Report(EtcdMember member, EtcdFailure failure)
    {
        // The other failures are answers, which another member would give too.
        if (failure is not (EtcdFailure.Unknown or EtcdFailure.NotSent or EtcdFailure.Refused))
            return;

        var index = Array.IndexOf(all, member);
        Volatile.Write(ref _leftOutUntil[index], time.GetTimestamp() + (long)(BackOff.TotalSeconds * time.TimestampFrequency));
        // Of many calls that fail at the same member, one moves on. No call moves back to it when its time is over, so that a flapping member is not asked again and again.
        Interlocked.CompareExchange(ref _current, Next((index + 1) % all.Length), index);
    }

    private int Next(int first)
    {
        var now = time.GetTimestamp();
        var best = first;
        for (var i = 0; i < all.Length; i++)
        {
            var candidate = (first + i) % all.Length;
            var until = Volatile.Read(ref _leftOutUntil[candidate]);
            if (until <= now)
                return candidate;
            if (until < Volatile.Read(ref _leftOutUntil[best]))
                best = candidate;
        }

        return best;
    }
}
