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
    public EtcdMember Pick()
    {
        var current = Volatile.Read(ref _current);
        var now = time.GetTimestamp();
        var best = current;
        for (var i = 0; i < all.Length; i++)
        {
            var candidate = (current + i) % all.Length;
            var until = Volatile.Read(ref _leftOutUntil[candidate]);
            if (until <= now)
            {
                best = candidate;
                break;
            }

            if (until < Volatile.Read(ref _leftOutUntil[best]))
                best = candidate;
        }

        // Stays there: a member that is back is not returned to, so that a flapping one is not asked again and again.
        if (best != current)
            Interlocked.CompareExchange(ref _current, best, current);
        return all[best];
    }

    /// <summary>Leaves a member out after a failure that says that it cannot serve.</summary>
    public void Report(EtcdMember member, EtcdFailure failure)
    {
        // The other failures are answers, which another member would give too.
        if (failure is EtcdFailure.Unknown or EtcdFailure.NotSent or EtcdFailure.Refused)
            Volatile.Write(ref _leftOutUntil[Array.IndexOf(all, member)], time.GetTimestamp() + (long)(BackOff.TotalSeconds * time.TimestampFrequency));
    }
}
