namespace KvStore;

/// <summary>
/// The commits in (above, upTo] that match a filter, in order, with their encodings; what a watcher gets from one read. Immutable but for
/// <see cref="Next"/> and the encodings it keeps. Any thread may use it.
/// </summary>
internal sealed class WatchBatch(long above, long upTo, Commit[] commits)
{
    // A watcher that stops reading keeps one batch and its encodings in memory.
    private const int CommitsMax = 128;
    private const long BytesMax = 32 << 10;

    /// <summary>What <see cref="Next"/> of a released batch refers to: later commits may be missing here, so read on from the history.</summary>
    public static readonly WatchBatch Released = new(long.MaxValue, long.MaxValue, []);

    private volatile Encoding? _encodings;
    private volatile WatchBatch? _next;

    public long Above => above;

    public long UpTo => upTo;

    public Commit[] Commits => commits;

    /// <summary>
    /// The following batch; null after the latest one. A batch that its group has released leads to <see cref="Released"/>: not to the next one,
    /// or a watcher that stops reading there would keep every later batch in memory; and not null, which would mean that nothing follows.
    /// </summary>
    public WatchBatch? Next
    {
        get => _next;
        set => _next = value;
    }

    /// <summary>Encodes the commits for all watchers of this batch, whose filter is given; false when the encoder rejects them, which it does once.</summary>
    public bool TryEncode(IWatchEncoder encoder, WatchFilter filter, out ReadOnlyMemory<byte> encoding)
    {
        for (var kept = _encodings; kept is not null; kept = kept.Next)
        {
            if (kept.Encoder != encoder)
                continue;
            encoding = kept.Bytes;
            return !kept.IsRejection;
        }

        var isEncoded = encoder.TryEncode(commits, filter, out encoding);

        // No compare-and-swap is needed:
        //   T1, T2: both find no encoding, both encode, both read the same head
        //   T1, T2: both write a new head, and one of the two encodings is lost
        // Equal encodings are interchangeable, and a lost one of another encoder is made again by the next watcher that needs it.
        _encodings = new Encoding(encoder, !isEncoded, encoding, _encodings);
        return isEncoded;
    }

    /// <summary>The first batch of some commits, within the limits of a batch.</summary>
    /// <param name="above">The revision that the commits are above.</param>
    /// <param name="upTo">The revision up to which these are all matching commits.</param>
    /// <param name="commits">The commits, at least one if the batch does not have to reach <paramref name="upTo"/>.</param>
    public static WatchBatch TakeFirst(long above, long upTo, ReadOnlySpan<Commit> commits)
    {
        var (count, bytes) = (0, 0L);
        while (count < commits.Length && count < CommitsMax && bytes < BytesMax)
        {
            bytes += commits[count].Deleted?.Bytes ?? 0;
            foreach (ref readonly var change in commits[count].Changes)
                bytes += (change.Previous?.Bytes ?? 0) + (change.Current?.Bytes ?? 0);
            count++;
        }

        return new WatchBatch(above, count < commits.Length ? commits[count - 1].Revision : upTo, commits[..count].ToArray());
    }

    /// <summary>All batches of some commits, linked.</summary>
    /// <inheritdoc cref="TakeFirst"/>
    public static (WatchBatch First, WatchBatch Last) Split(long above, long upTo, ReadOnlySpan<Commit> commits)
    {
        var first = TakeFirst(above, upTo, commits);
        var last = first;
        while (last.UpTo < upTo)
        {
            commits = commits[last.Commits.Length..];
            last = last.Next = TakeFirst(last.UpTo, upTo, commits);
        }

        return (first, last);
    }

    /// <summary>The part of this batch after a revision; the batch itself, with its encodings, when that is all of it.</summary>
    public WatchBatch After(long revision) =>
        commits.Length == 0 || commits[0].Revision > revision ? this : new WatchBatch(revision, upTo, [.. commits.Where(commit => commit.Revision > revision)]) { Next = Next };

    private sealed class Encoding(IWatchEncoder encoder, bool isRejection, ReadOnlyMemory<byte> bytes, Encoding? next)
    {
        public IWatchEncoder Encoder => encoder;

        public bool IsRejection => isRejection;

        public ReadOnlyMemory<byte> Bytes => bytes;

        public Encoding? Next => next;
    }
}
