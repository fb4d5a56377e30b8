using System.Text;

namespace KvStore.Storage.Tests;

/// <summary>What a start makes of a checkpoint and the changes after it.</summary>
public sealed class SortedRunsTests
{
    private static readonly DerivedChanges Derived = new(new FakeDisk(new Random(1)).Start());

    [Fact]
    public Task ApplyTo_RandomChanges_EqualsDictionary() => Seed.ForEachAsync(2_000, seed =>
    {
        var random = new Random(seed);
        var keys = Enumerable.Range(0, 1 + random.Next(40)).Select(_ => NextKey(random)).Distinct().ToArray();
        var model = new SortedDictionary<string, Entry>(StringComparer.Ordinal);
        foreach (var key in keys.Where(_ => random.Next(3) == 0))
            model.Add(key, EntryOf(key, 1, random.Next(50)));
        var before = model.Values.ToArray();

        var runs = new SortedRuns(Derived, runChanges: 1 + random.Next(10), purgeBytesMin: random.Next(2) * random.Next(5000));
        for (var revision = 2; revision < 2 + random.Next(120); revision++)
        {
            var key = keys[random.Next(keys.Length)];
            if (random.Next(3) == 0)
            {
                runs.Add(RecordedChange.Delete(Encoding.UTF8.GetBytes(key), revision, isExpiry: false));
                model.Remove(key);
                continue;
            }

            if (random.Next(8) == 0)
            {
                var prefix = key[..random.Next(1, key.Length + 1)];
                runs.Add(RecordedChange.DeletePrefix(Encoding.UTF8.GetBytes(prefix), revision));
                foreach (var deleted in model.Keys.Where(one => one.StartsWith(prefix, StringComparison.Ordinal)).ToArray())
                    model.Remove(deleted);
                continue;
            }

            if (random.Next(3) == 0 && model.TryGetValue(key, out var last))
            {
                var suffix = new byte[random.Next(2) * random.Next(400)];
                random.NextBytes(suffix);
                runs.Add(RecordedChange.Derived(last.KeyUtf8, last.CreatedRevision, revision, last.Version + 1, revision, expiresAtMilliseconds: 7, default, suffix));
                model[key] = Entry.Create(last.Key, (byte[])[.. last.Value.Span, .. suffix], last.ContentType, last.CreatedRevision, revision, last.Version + 1, revision, expiresAtMilliseconds: 7);
                continue;
            }

            model[key] = EntryOf(key, revision, random.Next(50));
            runs.Add(RecordedChange.Put(model[key]));
        }

        Assert.Equal(model.Values.Select(entry => States.Describe(entry)), runs.ApplyTo(before).Select(entry => States.Describe(entry)));
        return Task.CompletedTask;
    });

    [Fact]
    public void Add_PrefixDeletedAgainAndAgain_KeepsNoMoreThanTheLimitOfWhatWasDeleted()
    {
        const long LimitBytes = 100_000;
        var runs = new SortedRuns(Derived, runChanges: 100, LimitBytes);
        var largest = 0L;
        for (var revision = 1; revision <= 20_000; revision++)
        {
            runs.Add(revision % 3 == 0
                ? RecordedChange.DeletePrefix(Encoding.UTF8.GetBytes("key"[..(1 + (revision % 2))]), revision)
                : RecordedChange.Put(EntryOf($"key{revision}", revision, 1000)));
            largest = Math.Max(largest, runs.Bytes);
        }

        Assert.InRange(largest, LimitBytes / 2, LimitBytes);
        Assert.Equal(["key19999", "key20000"], runs.ApplyTo([EntryOf("key", 1, 0), EntryOf("key/0", 1, 0)]).Select(entry => entry.Key.ToString()));
    }

    [Fact]
    public void ApplyTo_LifetimeChanges_KeepOneValue()
    {
        const int ValueBytes = 1 << 20;
        var runs = new SortedRuns(Derived, runChanges: 10, purgeBytesMin: 2 << 20);
        runs.Add(RecordedChange.Put(EntryOf("key", 1, ValueBytes)));
        var revision = 1;
        var allocated = Allocations.Of(() =>
        {
            for (var last = revision + 1_000; revision < last;)
                runs.Add(RecordedChange.Derived("key"u8, 1, ++revision, revision, 0, Entry.Never, default, []));
            Assert.Equal((revision, ValueBytes), (Assert.Single(runs.ApplyTo([])).Version, Assert.Single(runs.ApplyTo([])).Value.Length));
        });

        Assert.InRange(allocated, 0, ValueBytes);
    }

    // By a copy of the value for each of them it would be 3,000 times as much. Purges merge runs of changes that do not begin with the value.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void ApplyTo_Extensions_CopyTheValueFewTimes(bool isInCheckpoint)
    {
        const int ValueBytes = 1 << 20;
        var runs = new SortedRuns(Derived, runChanges: 100, purgeBytesMin: 1 << 20);
        var value = EntryOf("key", 1, ValueBytes);
        if (!isInCheckpoint)
            runs.Add(RecordedChange.Put(value));
        Entry? extended = null;
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var revision = 2; revision <= 3_001; revision++)
            runs.Add(RecordedChange.Derived("key"u8, 1, revision, revision, 0, Entry.Never, default, new byte[1000]));
        extended = Assert.Single(runs.ApplyTo(isInCheckpoint ? [value] : []));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 50 << 20);
        Assert.Equal((3_001, ValueBytes + 3_000_000), (extended.Value.Version, extended.Value.ValueLength));
        Assert.InRange(runs.Bytes, 0, 6 << 20);
    }

    [Fact]
    public void Add_OneKeyAgainAndAgain_KeepsNoMoreThanTheLimitOfWhatWasReplaced()
    {
        const long LimitBytes = 100_000;
        var runs = new SortedRuns(Derived, runChanges: 100, LimitBytes);
        var largest = 0L;
        for (var revision = 1; revision <= 20_000; revision++)
        {
            runs.Add(RecordedChange.Put(EntryOf($"key{revision % 7}", revision, 1000)));
            largest = Math.Max(largest, runs.Bytes);
        }

        Assert.InRange(largest, LimitBytes / 2, LimitBytes);
        Assert.Equal(7, runs.ApplyTo([]).Count());
    }

    // A start with little memory: much data that does not change, and little that does.
    [Fact]
    public void Add_ManyKeysAndOneAgainAndAgain_KeepsNoMoreThanTheBoundOfWhatWasReplaced()
    {
        const long BoundBytes = 100_000;
        var runs = new SortedRuns(Derived, runChanges: 100, purgeBytesMin: 0, BoundBytes);
        for (var i = 0; i < 1_000; i++)
            runs.Add(RecordedChange.Put(EntryOf($"key{i}", i + 1, 1000)));
        var (before, largest) = (runs.Bytes, 0L);
        for (var revision = 2_000; revision <= 10_000; revision++)
        {
            runs.Add(RecordedChange.Put(EntryOf("key", revision, 1000)));
            largest = Math.Max(largest, runs.Bytes);
        }

        Assert.InRange(largest - before, BoundBytes / 2, BoundBytes + 10_000);
    }

    private static Entry EntryOf(string key, long revision, int valueBytes) =>
        Entry.Create(Key.FromStored(Encoding.UTF8.GetBytes(key)), new byte[valueBytes], Entry.MergeableContentType, 1, revision, 1, 0);

    // Of all lengths around those that are compared at once, and often the same at the start.
    private static string NextKey(Random random) =>
        new string('a', random.Next(20)) + new string([.. Enumerable.Range(0, random.Next(4)).Select(_ => (char)random.Next(3))]) + (char)('a' + random.Next(3));
}
