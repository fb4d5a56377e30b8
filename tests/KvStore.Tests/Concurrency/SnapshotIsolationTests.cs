using System.Globalization;
using System.Security.Cryptography;

namespace KvStore.Tests;

/// <summary>Named by the anomaly that must not happen.</summary>
public class SnapshotIsolationTests
{
    [Fact]
    public async Task NonRepeatableRead_SnapshotDuring100000Writes_IsUnchanged()
    {
        const int Writes = 100_000, Window = 4_000;
        await using var store = await Stores.StartAsync();
        await Task.WhenAll(Enumerable.Range(0, 2_000).Select(i => store.CommitAsync(Some.Put($"k{i}", $"before {i}")))).Within();
        var held = store.Latest;
        var digest = Digest(held);

        using var done = new CancellationTokenSource();
        var checker = Task.Run(() => CheckUntilDone(held, digest, done.Token), TestContext.Current.CancellationToken);
        var random = Seed.NewRandom();
        for (var written = 0; written < Writes; written += Window)
        {
            var window = Enumerable.Range(0, Window).Select(_ => store.SubmitAsync(RandomOperation(random)));
            Assert.All(await Task.WhenAll(window).Within(), outcome => Assert.IsType<Outcome.Committed>(outcome));
        }

        await done.CancelAsync();
        await checker.Within();
        Assert.Equal(digest, Digest(held));
        Assert.NotEqual(digest, Digest(store.Latest));
    }

    [Fact]
    public async Task DirtyRead_TransferBetweenTwoKeys_SumIsConstant()
    {
        const int Total = 1_000, StatesSeen = 100;
        await using var store = await Stores.StartAsync();
        await store.CommitAsync(Some.Put("left", $"{Total}"), Some.Put("right", "0"));
        var readers = Task.WhenAll(Enumerable.Range(0, 2).Select(_ => Task.Run(() => ReadStates(store, Total, StatesSeen))));

        var random = Seed.NewRandom();
        do
        {
            await Task.WhenAll(Enumerable.Range(0, 100).Select(_ =>
            {
                var left = random.Next(Total + 1);
                return store.CommitAsync(Some.Put("left", $"{left}"), Some.Put("right", $"{Total - left}"));
            })).Within();
        }
        while (!readers.IsCompleted);
        await readers;
    }

    [Fact]
    public async Task WriteSkew_TwoKeysGuarded_OneStays()
    {
        await using var store = await Stores.StartAsync();
        for (var round = 0; round < 200; round++)
        {
            var set = await store.CommitAsync(Some.Put("a"), Some.Put("b"));
            Guard[] both = [Guard.RevisionIn(Some.Key("a"), set.Revision), Guard.RevisionIn(Some.Key("b"), set.Revision)];
            var outcomes = await Task.WhenAll(
                Task.Run(() => store.SubmitAsync(Some.Transaction(both, Some.Delete("a")))),
                Task.Run(() => store.SubmitAsync(Some.Transaction(both, Some.Delete("b"))))).Within();

            Assert.Single(outcomes.OfType<Outcome.Committed>());
            Assert.Equal(1, store.Latest.Count);
        }
    }

    private static void CheckUntilDone(Snapshot held, string digest, CancellationToken done)
    {
        do
            Assert.Equal(digest, Digest(held));
        while (!done.IsCancellationRequested);
    }

    // Revisions must not go back for a reader, and each state must be whole, also those between two publications.
    private static void ReadStates(Store store, int total, int count)
    {
        var last = 0L;
        for (var seen = 0; seen < count;)
        {
            var snapshot = store.Latest;
            Assert.True(snapshot.Revision >= last);
            if (snapshot.Revision == last)
                continue;
            AssertWhole(snapshot, total);
            if (store.TryGetSnapshot(snapshot.Revision - 1, out var before) && before.Count > 0)
                AssertWhole(before, total);
            last = snapshot.Revision;
            seen++;
        }
    }

    private static void AssertWhole(Snapshot snapshot, int total)
    {
        var (left, right) = (snapshot.Find(Some.Key("left"))!.Value, snapshot.Find(Some.Key("right"))!.Value);
        Assert.Equal(total, int.Parse(left.Text(), CultureInfo.InvariantCulture) + int.Parse(right.Text(), CultureInfo.InvariantCulture));
        Assert.Equal(snapshot.Revision, left.Revision);
        Assert.Equal(left.Revision, right.Revision);
    }

    private static Transaction RandomOperation(Random random)
    {
        var key = $"k{random.Next(3_000)}";
        return Some.Transaction(random.Next(4) == 0 ? (Operation)Some.Delete(key) : Some.Put(key, $"after {random.Next()}"));
    }

    private static string Digest(Snapshot snapshot)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Some.Bytes($"{snapshot.Revision} {snapshot.Count} {snapshot.Bytes} {snapshot.CountOf(KeyRange.WithPrefix("k1"u8))}"));
        foreach (var entry in snapshot.Scan(Some.Everything))
        {
            hash.AppendData(entry.Key.Utf8);
            hash.AppendData(entry.Value.Span);
            hash.AppendData(Some.Bytes($"{entry.ContentType} {entry.CreatedRevision} {entry.Revision} {entry.Version} {entry.ModifiedAt:O} {entry.ExpiresAt:O}"));
            Assert.Equal(entry, snapshot.Find(entry.Key));
        }

        return Convert.ToHexString(hash.GetHashAndReset());
    }
}
