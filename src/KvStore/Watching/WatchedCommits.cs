namespace KvStore;

/// <summary>Commits that concern whoever watches some keys, in order; as many as are handed over at once.</summary>
/// <param name="above">They are all such commits after this revision,</param>
/// <param name="upTo">up to and with this one.</param>
/// <param name="commits">The commits.</param>
internal sealed class WatchedCommits(long above, long upTo, Commit[] commits)
{
    // Whoever stops reading keeps one of these from being forgotten, and what was made of it.
    private const int CommitsMax = 128;
    private const long BytesMax = 32 << 10;

    /// <summary>What follows is to be found in the history.</summary>
    public static readonly WatchedCommits Forgotten = new(long.MaxValue, long.MaxValue, []);

    private volatile object? _form;
    private volatile WatchedCommits? _next;

    public long Above => above;

    public long UpTo => upTo;

    public Commit[] Commits => commits;

    /// <summary>
    /// What follows; null after the last ones. Those that the group has let go of lead to <see cref="Forgotten"/>, because whoever stopped
    /// reading there would keep all that follows.
    /// </summary>
    public WatchedCommits? Next
    {
        get => _next;
        set => _next = value;
    }

    /// <inheritdoc cref="Watcher.Form"/>
    public object? Form
    {
        get => _form;
        set => _form = value;
    }

    /// <summary>The first of some commits.</summary>
    /// <param name="above">They are all after this revision,</param>
    /// <param name="upTo">up to and with this one.</param>
    /// <param name="commits">The commits.</param>
    public static WatchedCommits First(long above, long upTo, ReadOnlySpan<Commit> commits)
    {
        var (count, bytes) = (0, 0L);
        while (count < commits.Length && count < CommitsMax && bytes < BytesMax)
        {
            foreach (ref readonly var change in commits[count].Changes)
                bytes += (change.Previous?.Bytes ?? 0) + (change.Current?.Bytes ?? 0);
            count++;
        }

        return new WatchedCommits(above, count < commits.Length ? commits[count - 1].Revision : upTo, commits[..count].ToArray());
    }

    /// <summary>Some commits: the first of them, which lead to the last.</summary>
    /// <inheritdoc cref="First"/>
    public static (WatchedCommits First, WatchedCommits Last) All(long above, long upTo, ReadOnlySpan<Commit> commits)
    {
        var first = First(above, upTo, commits);
        var last = first;
        while (last.UpTo < upTo)
        {
            commits = commits[last.Commits.Length..];
            last = last.Next = First(last.UpTo, upTo, commits);
        }

        return (first, last);
    }

    /// <summary>Those after a revision.</summary>
    public WatchedCommits After(long revision) =>
        commits.Length == 0 || commits[0].Revision > revision ? this : new WatchedCommits(revision, upTo, [.. commits.Where(commit => commit.Revision > revision)]) { Next = Next };
}
