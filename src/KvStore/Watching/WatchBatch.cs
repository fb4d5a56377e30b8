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

    private readonly long _bytes = BytesOf(commits);
    private int _holders = 1;
    private Encoding? _encodings;
    private volatile WatchBatch? _next;

    // The last one of those that this one was merged from; null if it was not merged.
    private WatchBatch? _last;

    // What begins with this one and was merged, for the watchers that need the same; released with this one.
    private WatchBatch? _merged;

    public long Above => above;

    public long UpTo => upTo;

    public Commit[] Commits => commits;

    /// <summary>
    /// The following batch; null after the latest one. A batch that its group has released leads to <see cref="Released"/>: not to the next one,
    /// or a watcher that stops reading there would keep every later batch in memory; and not null, which would mean that nothing follows.
    /// </summary>
    public WatchBatch? Next
    {
        get => _last is { } last ? last._next : _next;
        set => _next = value;
    }

    /// <summary>
    /// The batch for one more holder, which releases it. A batch starts with one: its group, or the watcher that it was made for. After the last one has
    /// released it this is a copy, because the encodings are no longer charged.
    /// </summary>
    public WatchBatch Share()
    {
        for (var holders = Volatile.Read(ref _holders); holders > 0;)
        {
            var found = Interlocked.CompareExchange(ref _holders, holders + 1, holders);
            if (found == holders)
                return this;
            holders = found;
        }

        return new WatchBatch(above, upTo, commits) { Next = Next };
    }

    /// <summary>Ends what one holder has of it; the last one releases the encodings.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _holders) > 0)
            return;
        for (var kept = Volatile.Read(ref _encodings); kept is not null; kept = kept.Next)
            kept.Release();
        Interlocked.Exchange(ref _merged, null)?.Release();
    }

    /// <summary>Encodes the commits for all watchers of this batch, whose filter is given; false when the encoder or the account rejects them, once for all.</summary>
    /// <remarks>Only a holder may call it.</remarks>
    public bool TryEncode(IWatchEncoder encoder, WatchFilter filter, MemoryAccount account, out ReadOnlyMemory<byte> encoding)
    {
        Encoding? made = null;
        while (true)
        {
            var first = Volatile.Read(ref _encodings);
            var kept = first;
            while (kept is not null && kept.Encoder != encoder)
                kept = kept.Next;
            if (kept is not null)
            {
                // Another watcher was faster if this one has made it as well.
                made?.Release();
                encoding = kept.Bytes;
                return !kept.IsRejection;
            }

            made ??= Encoding.Make(encoder, commits, filter, account);
            made.Next = first;
            if (Interlocked.CompareExchange(ref _encodings, made, first) == first)
            {
                encoding = made.Bytes;
                return !made.IsRejection;
            }
        }
    }

    /// <summary>The first batch of some commits, within the limits of a batch.</summary>
    /// <param name="above">The revision that the commits are above.</param>
    /// <param name="upTo">The revision up to which these are all matching commits.</param>
    /// <param name="commits">The commits, at least one if the batch does not have to reach <paramref name="upTo"/>.</param>
    public static WatchBatch TakeFirst(long above, long upTo, ReadOnlySpan<Commit> commits)
    {
        var (count, bytes) = (0, 0L);
        while (count < commits.Length && count < CommitsMax && bytes < BytesMax)
            bytes += BytesOf(commits.Slice(count++, 1));

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

    /// <summary>
    /// What follows a revision, for a holder: the part of this batch after it, or, when that is all of it, this batch and those that follow it in one. Watchers of a group whose wake
    /// slots are close need the same batches, so they get the same object with the same encoding, and each of them sends one piece of memory.
    /// </summary>
    public WatchBatch After(long revision)
    {
        if (commits.Length > 0 && commits[0].Revision <= revision)
            return new WatchBatch(revision, upTo, [.. commits.Where(commit => commit.Revision > revision)]) { Next = Next };
        var shared = Share();
        if (shared != this || _last is not null || !CanExtend)
            return shared;

        // This one is held meanwhile, so its last holder, who releases what was merged, has not come.
        var merged = Volatile.Read(ref _merged);
        if (merged?.CanExtend != false)
            Interlocked.Exchange(ref _merged, merged = Merge())?.Release();
        merged = merged.Share();
        Release();
        return merged;
    }

    // Whether the next batch fits as well. What follows a released batch may be missing here.
    private bool CanExtend => Next is { } next && next != Released && Fits(next, commits.Length, _bytes);

    // This batch and as many of those that follow it as fit.
    private WatchBatch Merge()
    {
        var (last, merged, bytes) = (this, new List<Commit>(commits), _bytes);
        while (last._next is { } next && next != Released && Fits(next, merged.Count, bytes))
        {
            merged.AddRange(next.Commits);
            bytes += next._bytes;
            last = next;
        }

        return new WatchBatch(above, last.UpTo, [.. merged]) { _last = last };
    }

    private static bool Fits(WatchBatch next, int count, long bytes) => count + next.Commits.Length <= CommitsMax && bytes + next._bytes <= BytesMax;

    private static long BytesOf(ReadOnlySpan<Commit> commits)
    {
        var bytes = 0L;
        foreach (var commit in commits)
        {
            bytes += commit.Deleted?.Bytes ?? 0;
            foreach (ref readonly var change in commit.Changes)
                bytes += (change.Previous?.Bytes ?? 0) + (change.Current?.Bytes ?? 0);
        }

        return bytes;
    }

    private sealed class Encoding(IWatchEncoder encoder, ReadOnlyMemory<byte> bytes, MemoryAccount? account)
    {
        private const int ObjectBytes = HeapSize.Object + (5 * HeapSize.Reference);

        public IWatchEncoder Encoder => encoder;

        public bool IsRejection => account is null;

        public ReadOnlyMemory<byte> Bytes => bytes;

        public Encoding? Next { get; set; }

        public static Encoding Make(IWatchEncoder encoder, Commit[] commits, WatchFilter filter, MemoryAccount account) =>
            encoder.TryEncode(commits, filter, out var bytes) && account.TryCharge(ChargeOf(bytes)) ? new Encoding(encoder, bytes, account) : new Encoding(encoder, default, null);

        public void Release() => account?.Release(ChargeOf(bytes));

        private static long ChargeOf(ReadOnlyMemory<byte> bytes) => HeapSize.OfArray(bytes.Length) + ObjectBytes;
    }
}
