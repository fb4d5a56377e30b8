using System.Collections.Immutable;

namespace KvStore.Tests;

public class TransactionTests
{
    [Fact]
    public void Transaction_KeyTwice_Throws() =>
        Assert.Throws<ArgumentException>(() => Some.Transaction(Some.Put("k"), Some.Put("other"), Some.Delete("k")));

    [Fact]
    public void Constructor_EmptyKey_Throws()
    {
        Assert.Throws<ArgumentException>(() => new Put(default, default, "text/plain"));
        Assert.Throws<ArgumentException>(() => new Delete(default));
    }

    // What throws in the owner loop ends the store, so what would throw there must not get there.
    [Fact]
    public async Task SubmitAsync_DefaultArrays_CountAsEmpty()
    {
        await using var store = await Stores.StartAsync();
        Assert.IsType<Outcome.Committed>(await store.SubmitAsync(new Transaction(default, [Some.Put("k")])).Within());
        Assert.IsType<Outcome.GuardsFailed>(await store.SubmitAsync(
            Some.Transaction(Guard.RevisionIn(Some.Key("k"), default(ImmutableArray<long>)), Some.Put("k"))).Within());
        Assert.IsType<Outcome.Committed>(await store.SubmitAsync(
            Some.Transaction(Guard.RevisionNotIn(Some.Key("k"), default(ImmutableArray<long>)), Some.Put("k"))).Within());
        Assert.Equal(StoreState.Running, store.State);
    }

    [Theory]
    [InlineData("Exists", true, true, false)]
    [InlineData("Absent", false, false, true)]
    [InlineData("In 5", true, false, false)]
    [InlineData("In 4 5", true, false, false)]
    [InlineData("In 5 6", true, true, false)]
    [InlineData("In", false, false, false)]
    [InlineData("NotIn 5", false, true, true)]
    [InlineData("NotIn 4 5", false, true, true)]
    [InlineData("NotIn 5 6", false, false, true)]
    [InlineData("NotIn", true, true, true)]
    public void Passes_EntryAtRevision5And6AndAbsent_IsAsDefined(string what, bool at5, bool at6, bool atNone)
    {
        var words = what.Split(' ');
        var revisions = words[1..].Select(long.Parse).ToImmutableArray();
        var key = Some.Key("k");
        var guard = words[0] switch
        {
            "Exists" => Guard.Exists(key),
            "Absent" => Guard.Absent(key),
            "In" => Guard.RevisionIn(key, revisions),
            _ => Guard.RevisionNotIn(key, revisions),
        };

        Assert.Equal(at5, guard.Passes(Entry(5)));
        Assert.Equal(at6, guard.Passes(Entry(6)));
        Assert.Equal(atNone, guard.Passes(null));

        Entry Entry(long revision) => KvStore.Entry.Create(key, default, "text/plain", createdRevision: 5, revision, version: 1, 0);
    }

    [Theory]
    [InlineData(999, true, true)]
    [InlineData(1000, true, true)]
    [InlineData(1999, true, true)]
    [InlineData(2000, false, true)]
    [InlineData(3000, false, false)]
    public void UnmodifiedSince_OneAndTwoSeconds_IsBySecond(long modifiedAt, bool at1, bool at2)
    {
        var entry = KvStore.Entry.Create(Some.Key("k"), default, "text/plain", 1, 1, 1, modifiedAt);
        Assert.Equal((at1, at2), (Passes(1000, entry), Passes(2500, entry)));
        Assert.False(Passes(2000, null));

        static bool Passes(long milliseconds, Entry? entry) => Guard.UnmodifiedSince(Some.Key("k"), DateTimeOffset.FromUnixTimeMilliseconds(milliseconds)).Passes(entry);
    }
}
