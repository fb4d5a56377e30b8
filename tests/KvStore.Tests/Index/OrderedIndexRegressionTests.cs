namespace KvStore.Tests;

/// <summary>Bugs that other persistent indexes had.</summary>
public sealed class OrderedIndexRegressionTests
{
    // hashicorp/go-immutable-radix PR #107: the size counted the entries that the same transaction had put in twice, or not at all.
    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(500)]
    public void RemoveRange_EntriesOfSameBatch_CountIsExact(int inserted)
    {
        var builder = OrderedIndex.FromSorted([IndexKeys.EntryOf("a"), IndexKeys.EntryOf("job/0"), IndexKeys.EntryOf("z")]).ToBuilder();
        for (var i = 1; i <= inserted; i++)
            builder.Set(IndexKeys.EntryOf($"job/{i}"));

        Assert.Equal(inserted + 1, builder.RemoveRange(KeyRange.WithPrefix("job/"u8)));

        builder.Validate();
        Assert.Equal(2, builder.Count);
        var index = builder.ToIndex();
        Assert.Equal(2, index.Count);
        Assert.Equal(0, index.CountOf(KeyRange.WithPrefix("job/"u8)));
    }

    // The same family: a removal and a new insertion of one key in one batch must not change the count.
    [Fact]
    public void Set_KeyRemovedInSameBatch_CountIsExact()
    {
        var builder = OrderedIndex.FromSorted([IndexKeys.EntryOf("a"), IndexKeys.EntryOf("b")]).ToBuilder();
        builder.Remove(Key.Parse("a"));
        Assert.Null(builder.Set(IndexKeys.EntryOf("a")));
        Assert.NotNull(builder.Set(IndexKeys.EntryOf("a")));
        builder.Validate();
        Assert.Equal(2, builder.ToIndex().Count);
    }

    // hashicorp/go-immutable-radix and armon/go-radix: a prefix that ends within a compressed path found nothing, or its neighbours too.
    [Fact]
    public void CountOf_PrefixIsNoKey_CountsItsKeys()
    {
        var index = OrderedIndex.FromSorted([IndexKeys.EntryOf("foo"), IndexKeys.EntryOf("foobar"), IndexKeys.EntryOf("foobaz"), IndexKeys.EntryOf("fop")]);
        Assert.Equal(2, index.CountOf(KeyRange.WithPrefix("foob"u8)));
        Assert.Equal(3, index.CountOf(KeyRange.WithPrefix("foo"u8)));
        Assert.Equal(4, index.CountOf(KeyRange.WithPrefix("fo"u8)));
        Assert.Equal(0, index.CountOf(KeyRange.WithPrefix("fooc"u8)));
    }
}
