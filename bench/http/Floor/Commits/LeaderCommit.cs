namespace KvStore.Floor.Commits;

/// <summary>
/// The first writer that finds no leader is the leader. It commits on its own thread, and answers all writers of the group there, so with one
/// connection no write waits for another thread to wake.
/// </summary>
/// <param name="file">Where groups go.</param>
/// <param name="once">
/// Whether the leader leads for one group only, and leaves the next to a worker of the pool. If not, it leads until no write waits, and its own
/// writer is answered last: best with one connection, worst with many.
/// </param>
internal sealed class LeaderCommit(GroupFile file, bool once) : GroupCommit(file), IThreadPoolWorkItem
{
    private readonly Lock _gate = new();

    // Under the gate. Writes that no group has yet, and whether a leader is going to take them.
    private List<PendingWrite> _waiting = new(1024);
    private bool _led;

    // The leader's.
    private List<PendingWrite> _group = new(1024);

    public override ValueTask CommitAsync(byte[] value)
    {
        var write = new PendingWrite(value, answersInline: true);
        var completion = write.Completion;
        lock (_gate)
        {
            _waiting.Add(write);
            if (_led)
                return completion;
            _led = true;
        }

        Lead();
        return completion;
    }

    void IThreadPoolWorkItem.Execute() => Lead();

    private void Lead()
    {
        while (TryTakeGroup())
        {
            Commit(_group);
            if (once)
            {
                if (IsWaitedFor())
                    ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
                return;
            }
        }
    }

    // Without a write that waits, the next writer leads.
    private bool TryTakeGroup()
    {
        lock (_gate)
        {
            _led = _waiting.Count > 0;
            (_group, _waiting) = (_waiting, _group);
            return _led;
        }
    }

    private bool IsWaitedFor()
    {
        lock (_gate)
            return _led = _waiting.Count > 0;
    }
}
