namespace KvStore;

/// <summary>A commit on its way to watchers. All watchers who are up to date get the same one.</summary>
/// <param name="Commit">The commit.</param>
public sealed record WatchedCommit(Commit Commit)
{
    private volatile object? _form;

    /// <summary>
    /// What somebody made of the commit, for whoever needs the same next: it is serialised once, not once per watcher. Null at
    /// first. Two threads may both find null and both set it; either is as good.
    /// </summary>
    public object? Form
    {
        get => _form;
        set => _form = value;
    }
}

/// <summary>The commits of an interval of revisions, in order.</summary>
/// <param name="Above">The revision before the first one.</param>
/// <param name="UpTo">The last revision that was looked at.</param>
/// <param name="Commits">Every commit between.</param>
internal sealed record WatchRound(long Above, long UpTo, WatchedCommit[] Commits)
{
    /// <summary>The most commits that one who is behind gets at once.</summary>
    public const int PartCommitsMax = 256;

    /// <summary>The commits after a revision.</summary>
    public ReadOnlySpan<WatchedCommit> After(long revision)
    {
        var (from, to) = (0, Commits.Length);
        while (from < to)
        {
            var middle = (from + to) / 2;
            if (Commits[middle].Commit.Revision <= revision)
                from = middle + 1;
            else
                to = middle;
        }

        return Commits.AsSpan(from);
    }
}
