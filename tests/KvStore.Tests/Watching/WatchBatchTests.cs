using System.Text;

namespace KvStore.Tests;

/// <summary>Batches that follow each other are read as one, which the watchers of a group share.</summary>
public sealed class WatchBatchTests
{
    private static readonly WatchFilter EveryKey = WatchFilter.OfPrefix([]);

    private readonly MemoryAccount _account = new("watches", 1 << 20);

    [Fact]
    public void After_SeveralBatches_IsOneForAllWatchers()
    {
        var batches = Linked(3, commits: 4);
        var (one, other) = (batches[0].After(0), batches[0].After(0));
        Assert.Same(one, other);
        Assert.Equal((0, 12), (one.Above, one.UpTo));
        Assert.Equal(Enumerable.Range(1, 12), one.Commits.Select(commit => (int)commit.Revision));
        Assert.Equal((4, 8), (batches[1].After(4).Above, batches[1].After(6).Commits.Length + 6));
        Assert.Same(batches[2], batches[2].After(8));
    }

    // Otherwise a watcher that has read it would believe that nothing follows, and miss what its wake slot was for.
    [Fact]
    public void Next_BatchAddedAfterMerge_IsThatBatch()
    {
        var batches = Linked(3, commits: 1);
        var merged = batches[0].After(0);
        Assert.Null(merged.Next);
        batches[2].Next = BatchOf(3, 1);
        Assert.Same(batches[2].Next, merged.Next);
        batches[2].Next = WatchBatch.Released;
        Assert.Same(WatchBatch.Released, merged.Next);
    }

    [Fact]
    public void After_BatchAddedAfterMerge_HasItToo()
    {
        var batches = Linked(2, commits: 1);
        var before = batches[0].After(0);
        batches[1].Next = BatchOf(2, 1);
        var after = batches[0].After(0);
        Assert.Equal((2, 3), (before.Commits.Length, after.Commits.Length));
        Assert.Same(after, batches[0].After(0));
    }

    [Theory]
    [InlineData(50, 10, 100)]
    [InlineData(64, 10, 128)]
    [InlineData(1, 12_000, 2)]
    [InlineData(1, 40_000, 1)]
    public void After_MoreThanFits_StaysWithinTheLimits(int commits, int valueBytes, int expected)
    {
        var batches = Linked(4, commits, valueBytes);
        var read = batches[0].After(0);
        Assert.Equal(expected, read.Commits.Length);
        Assert.Equal(expected, read.UpTo);
        Assert.Same(batches[expected / commits], read.Next);
    }

    // Commits may be missing after it.
    [Fact]
    public void After_ReleasedByGroup_IsNotMerged()
    {
        var batches = Linked(2, commits: 1);
        batches[0].Next = WatchBatch.Released;
        var read = batches[0].After(0);
        Assert.Equal(1, read.UpTo);
        Assert.Same(WatchBatch.Released, read.Next);
    }

    [Fact]
    public void Release_LastHolder_ReleasesWhatWasMerged()
    {
        var encoder = new LengthEncoder();
        var batches = Linked(3, commits: 1);
        var (one, other) = (batches[0].After(0), batches[0].After(0));
        foreach (var holder in new[] { one, other })
            Assert.True(holder.TryEncode(encoder, EveryKey, _account, out _));
        Assert.Equal(1, encoder.Calls);
        Assert.NotEqual(0, _account.Bytes);
        one.Release();
        foreach (var batch in batches)
            batch.Release();
        Assert.NotEqual(0, _account.Bytes);
        other.Release();
        Assert.Equal(0, _account.Bytes);
    }

    // It is replaced while a watcher still has it.
    [Fact]
    public void Release_MergedAgain_ReleasesBoth()
    {
        var encoder = new LengthEncoder();
        var batches = Linked(2, commits: 1);
        var before = batches[0].After(0);
        Assert.True(before.TryEncode(encoder, EveryKey, _account, out _));
        batches[1].Next = BatchOf(2, 1);
        var after = batches[0].After(0);
        Assert.True(after.TryEncode(encoder, EveryKey, _account, out _));
        before.Release();
        after.Release();
        Assert.NotEqual(0, _account.Bytes);
        batches[0].Release();
        Assert.Equal(0, _account.Bytes);
    }

    private static WatchBatch[] Linked(int batches, int commits, int valueBytes = 10)
    {
        var made = Enumerable.Range(0, batches).Select(i => BatchOf(i * commits, commits, valueBytes)).ToArray();
        for (var i = 1; i < batches; i++)
            made[i - 1].Next = made[i];
        return made;
    }

    private static WatchBatch BatchOf(long above, int commits, int valueBytes = 10) =>
        new(above, above + commits, [.. Enumerable.Range(1, commits).Select(i => CommitOf(above + i, valueBytes))]);

    private static Commit CommitOf(long revision, int valueBytes) =>
        new(revision, new EntryChange(null, Entry.Create(Some.Key("k"), Encoding.ASCII.GetBytes(new string('v', valueBytes)), "text/plain", revision, revision, 1, 0)));

    private sealed class LengthEncoder : IWatchEncoder
    {
        public int Calls { get; private set; }

        public bool TryEncode(ReadOnlySpan<Commit> commits, WatchFilter filter, out ReadOnlyMemory<byte> encoding)
        {
            Calls++;
            encoding = new byte[100 * commits.Length];
            return true;
        }
    }
}
