namespace KvStore;

/// <summary>The snapshots that are being sent at the pace of clients. Thread-safe.</summary>
internal sealed class SnapshotLeases(SnapshotHolds holds, TimeProvider time)
{
    private readonly Lock _lock = new();

    // Guarded by the lock. The oldest first.
    private readonly LinkedList<SnapshotLease> _leases = [];
    private long _revoked;

    /// <summary>Leases at present.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
                return _leases.Count;
        }
    }

    /// <summary>Leases that were revoked so far.</summary>
    public long Revoked => Interlocked.Read(ref _revoked);

    /// <summary>Leases a snapshot for a time.</summary>
    public SnapshotLease Add(Snapshot snapshot, TimeSpan timeMax)
    {
        holds.Hold(snapshot);
        var lease = new SnapshotLease(this, snapshot);
        lock (_lock)
            _leases.AddLast(lease.Node);
        lease.RevokeAfter(timeMax, time);
        return lease;
    }

    /// <summary>Revokes the oldest lease, unless an earlier revocation is still under way. Its holder releases the memory.</summary>
    public void RevokeOldest()
    {
        lock (_lock)
        {
            if (_leases.First is { } oldest && !_leases.Any(lease => lease.IsRevoked))
                oldest.Value.Revoke(SnapshotLease.Revocation.Memory);
        }
    }

    /// <summary>Ends the timers.</summary>
    public void Stop()
    {
        lock (_lock)
        {
            foreach (var lease in _leases)
                lease.StopTimer();
        }
    }

    internal void Revoking() => Interlocked.Increment(ref _revoked);

    internal void Remove(SnapshotLease lease)
    {
        lock (_lock)
        {
            if (lease.Node.List is null)
                return;
            _leases.Remove(lease.Node);
        }

        holds.Release(lease.Snapshot);
    }
}

/// <summary>The right to use a snapshot until it is disposed or revoked. Thread-safe.</summary>
public sealed class SnapshotLease : IDisposable
{
    private readonly SnapshotLeases _leases;
    private readonly CancellationTokenSource _revoked = new();
    private ITimer? _timer;
    private int _revocation;

    internal SnapshotLease(SnapshotLeases leases, Snapshot snapshot)
    {
        (_leases, Snapshot) = (leases, snapshot);
        Node = new LinkedListNode<SnapshotLease>(this);
    }

    /// <summary>Why a lease was revoked.</summary>
    public enum Revocation
    {
        /// <summary>It was not.</summary>
        None,

        /// <summary>It was held for too long.</summary>
        Time,

        /// <summary>It kept too much memory alive.</summary>
        Memory,
    }

    /// <summary>The snapshot.</summary>
    public Snapshot Snapshot { get; }

    /// <summary>Cancelled when the lease is revoked: its holder stops soon, and disposes it.</summary>
    public CancellationToken Revoked => _revoked.Token;

    /// <summary>Why it is revoked.</summary>
    public Revocation Reason => (Revocation)Volatile.Read(ref _revocation);

    internal bool IsRevoked => Reason != Revocation.None;

    internal LinkedListNode<SnapshotLease> Node { get; }

    /// <summary>Releases the snapshot. May be called twice.</summary>
    public void Dispose()
    {
        StopTimer();
        _leases.Remove(this);
    }

    internal void RevokeAfter(TimeSpan time, TimeProvider clock) =>
        _timer = clock.CreateTimer(static lease => ((SnapshotLease)lease!).Revoke(Revocation.Time), this, time, Timeout.InfiniteTimeSpan);

    internal void StopTimer() => _timer?.Dispose();

    internal void Revoke(Revocation reason)
    {
        if (Interlocked.CompareExchange(ref _revocation, (int)reason, (int)Revocation.None) != (int)Revocation.None)
            return;
        _leases.Revoking();

        // What the holder does about it is no work for the caller, which may be the log's thread.
        _ = _revoked.CancelAsync();
    }
}
