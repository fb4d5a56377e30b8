namespace KvStore.Floor.Commits;

/// <summary>
/// Makes writes durable in groups: those that arrive while a group is being flushed are the next group. The kinds differ in the thread that
/// commits and in the one that answers, which is what a durable write costs besides the disk.
/// </summary>
internal abstract class GroupCommit(GroupFile file)
{
    private readonly GroupFile _file = file;

    /// <summary>Returns when the value is on disk.</summary>
    public abstract ValueTask CommitAsync(byte[] value);

    /// <summary>The kind of this name: <c>leader</c>, <c>leader-once</c> or <c>thread</c>.</summary>
    public static GroupCommit Create(string kind, GroupFile file) => kind switch
    {
        "leader" => new LeaderCommit(file, once: false),
        "leader-once" => new LeaderCommit(file, once: true),
        "thread" => new ThreadCommit(file),
        _ => throw new ArgumentException($"'{kind}' is not leader, leader-once or thread.", nameof(kind)),
    };

    protected void Commit(List<PendingWrite> group)
    {
        _file.Append(group);
        foreach (var write in group)
            write.Complete();
        group.Clear();
    }
}
