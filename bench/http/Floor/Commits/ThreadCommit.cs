namespace KvStore.Floor.Commits;

/// <summary>A thread commits the groups, and workers of the pool answer: two hand-offs for each write, but the next group is on its way at once.</summary>
internal sealed class ThreadCommit : GroupCommit
{
    private readonly object _gate = new();

    // Under the gate.
    private List<PendingWrite> _waiting = new(1024);

    public ThreadCommit(GroupFile file)
        : base(file) => new Thread(CommitGroups) { IsBackground = true, Name = "commits" }.Start();

    public override ValueTask CommitAsync(byte[] value)
    {
        var write = new PendingWrite(value, answersInline: false);
        lock (_gate)
        {
            _waiting.Add(write);
            if (_waiting.Count == 1)
                Monitor.Pulse(_gate);
        }

        return write.Completion;
    }

    private void CommitGroups()
    {
        var group = new List<PendingWrite>(1024);
        while (true)
        {
            lock (_gate)
            {
                while (_waiting.Count == 0)
                    Monitor.Wait(_gate);
                (group, _waiting) = (_waiting, group);
            }

            Commit(group);
        }
    }
}
