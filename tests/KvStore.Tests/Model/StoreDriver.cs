using System.Globalization;

namespace KvStore.Tests;

/// <summary>Does one random thing after another to a store and to its model, and compares all that can be seen.</summary>
internal sealed class StoreDriver(Store store, StoreModel model, FakeTimeProvider time, Random random)
{
    // Prefixes of each other, and keys whose order by bytes is not that of their UTF-16 units.
    private static readonly string[] Keys = ["a", "a/", "a/1", "a/1/x", "ab", "b", "é", "\uFB01", "\uFFFD", "\U0001F600"];

    private readonly List<Snapshot> _held = [];
    private readonly Dictionary<Snapshot, string> _heldText = [];

    public async Task StepAsync()
    {
        switch (random.Next(10))
        {
            case < 5:
                await WriteAsync();
                break;
            case < 7:
                ReadAtRevision();
                break;
            case 7:
                time.Advance(TimeSpan.FromMilliseconds(random.Next(1, 2_000)));
                break;
            case 8:
                Hold();
                break;
            default:
                await ReadLatestAsync();
                break;
        }
    }

    public void CheckEnd()
    {
        AssertSame(model.Latest, store.Latest);
        foreach (var snapshot in _held)
            Assert.Equal(_heldText[snapshot], Describe(snapshot));
        for (var revision = model.OldestRevision; revision <= model.LatestRevision; revision++)
            ReadAt(revision);
        Assert.Equal(0, store.QueuedBytes);
    }

    // Several at once, so that some are decided in one batch: with each other's effects in sight.
    private async Task WriteAsync()
    {
        var transactions = Enumerable.Range(0, random.Next(1, 6)).Select(_ => RandomOperation()).ToArray();
        var outcomes = await Task.WhenAll(transactions.Select(store.SubmitAsync)).Within();
        for (var i = 0; i < transactions.Length; i++)
            CheckOutcome(transactions[i], outcomes[i]);
        model.Forget();

        Assert.Equal(model.LatestRevision, store.Latest.Revision);
        Assert.Equal(model.OldestRevision, store.OldestRevision);
        Assert.Equal(model.Latest.Count, store.Latest.Count);
        Assert.Equal(model.Latest.Sum(pair => StoreModel.BytesOf(pair.Key, pair.Value)), UserBytes(store.Latest));
        Assert.Equal(model.Records.Values.Select(Describe).Order(), RecordsOf(store.Latest).Select(Describe).Order());
    }

    private static IEnumerable<Entry> RecordsOf(Snapshot snapshot) => snapshot.ScanAll().TakeWhile(entry => !KeyRange.IsUserKey(entry.KeyUtf8));

    private static long UserBytes(Snapshot snapshot) => snapshot.Bytes - RecordsOf(snapshot).Sum(entry => entry.Bytes);

    private static string Describe(Entry entry) => entry == default ? "(absent)" : States.Describe(entry);

    private void CheckOutcome(Transaction transaction, Outcome outcome)
    {
        var failed = transaction.Guards.Where(guard => !model.Holds(guard)).ToArray();
        if (failed.Length > 0)
        {
            var reported = Assert.IsType<Outcome.GuardsFailed>(outcome).Failed;
            Assert.Equal(failed, reported.Select(one => one.Guard));
            foreach (var one in reported.Where(one => !KeyRange.IsUserKey(one.Guard.Key.Utf8)))
                Assert.Equal(Describe(model.Records.GetValueOrDefault(one.Guard.Key)), Describe(one.Current.GetValueOrDefault()));
            foreach (var one in reported.Where(one => KeyRange.IsUserKey(one.Guard.Key.Utf8)))
                AssertSame(model.Latest.GetValueOrDefault(one.Guard.Key.ToString()), one.Current);
            return;
        }

        if (model.RefusalOf(transaction) is { } reason)
        {
            Assert.Equal(reason, Assert.IsType<Outcome.Rejected>(outcome).Reason);
            return;
        }

        var before = new Dictionary<string, ModelEntry>(model.Latest);
        var committed = Assert.IsType<Outcome.Committed>(outcome);
        var changed = model.Commit(transaction, committed.Revision, committed.Commit);
        Assert.Equal(model.LatestRevision, committed.Revision);
        Assert.Equal(transaction.Operations.Length, committed.Results.Length);
        for (var i = 0; i < transaction.Operations.Length; i++)
            CheckResult(transaction.Operations[i], committed.Results[i], before);
        Assert.Equal(changed, committed.Changes.ToArray().Select(change => change.Key.ToString()));
        foreach (var change in committed.Changes)
        {
            AssertSame(before.GetValueOrDefault(change.Key.ToString()), change.Previous);
            AssertSame(model.Latest.GetValueOrDefault(change.Key.ToString()), change.Current);
        }
    }

    private void CheckResult(Operation operation, OperationResult result, Dictionary<string, ModelEntry> before)
    {
        var present = before.GetValueOrDefault(operation.Key.ToString());
        if (operation is Get)
            AssertSame(present, result.Entry);
        else
            Assert.Null(result.Entry);
        if (operation is Increment)
            Assert.Equal(model.Latest[operation.Key.ToString()].Value, $"{result.Number}");
        if (operation is DeletePrefix)
            Assert.Equal(before.Count - model.Latest.Count, result.Number);
        else
            Assert.Equal(operation is not Append && present is not null, result.Existed);
    }

    private Transaction RandomOperation()
    {
        Guard[] guards = random.Next(2) == 0 ? [] : [.. Enumerable.Range(0, random.Next(1, 3)).Select(_ => RandomGuard())];
        var operations = RandomChanges();
        if (random.Next(4) == 0 && !operations[0].IsExclusive)
            operations = [.. random.GetItems(Keys, 2).Select(Operation (key) => new Get(Some.Key(key))), .. operations];
        return new Transaction([.. guards], [.. operations], [.. random.Next(3) == 0 ? RandomRecords() : []]);
    }

    private IEnumerable<Operation> RandomRecords() => random.GetItems(Keys, 2).Distinct().Select(key => RandomRecordKey(key) is var record && random.Next(3) == 0
        ? (Operation)new Delete(record)
        : new Put(record, new byte[random.Next(40)], ""));

    private static Key RandomRecordKey(string key) => ReservedKeys.Of(ReservedKind.Origin, Some.Bytes(key));

    private Operation[] RandomChanges()
    {
        var keys = random.GetItems(Keys, random.Next(1, 4)).Distinct().ToArray();
        return random.Next(10) switch
        {
            0 => [new Append(Some.Key(keys[0]), Some.Bytes(StoreModel.AppendedValue.Value), StoreModel.AppendedValue.ContentType)],
            1 => [new DeletePrefix(Some.Bytes(keys[0]), StoreModel.DeletedEntriesMax) { ChangesMax = random.Next(4) }],
            2 when keys.Length == 2 => [new Move(Some.Key(keys[0]), Some.Key(keys[1]))],
            3 => [.. keys.Select(RandomModification)],
            _ => [.. keys.Select(key => random.Next(3) == 0 ? (Operation)Some.Delete(key) : RandomPut(key))],
        };
    }

    private Operation RandomModification(string key)
    {
        if (random.Next(2) == 0)
        {
            var by = random.Next(-100, 100);
            return model.Means(new Increment(Some.Key(key), by), present => new ModelValue(
                (long.Parse(present?.Value ?? "0", CultureInfo.InvariantCulture) + by).ToString(CultureInfo.InvariantCulture), "text/plain", present?.Expires));
        }

        DateTimeOffset? expires = random.Next(2) == 0 ? null : time.GetUtcNow().AddMilliseconds(random.Next(100_000));
        return model.Means(
            new SetExpiry(Some.Key(key), expires is { } at ? ExpiryUpdate.At(at) : ExpiryUpdate.Never),
            present => present is null ? null : new ModelValue(present.Value, present.ContentType, expires));
    }

    private Put RandomPut(string key) => new(
        Some.Key(key),
        Some.Bytes(random.Next(8) switch
        {
            0 => "text",
            1 => new string((char)random.Next('a', 'z'), random.Next(SharedValue.BytesMin - 1, SharedValue.BytesMin + 2)),
            _ => random.Next(1 << random.Next(20)).ToString(CultureInfo.InvariantCulture),
        }),
        random.Next(2) == 0 ? "text/plain" : "application/json",
        random.Next(3) == 0 ? time.GetUtcNow().AddMilliseconds(random.Next(100_000)) : null);

    private Guard RandomGuard()
    {
        var key = Keys[random.Next(Keys.Length)];
        if (random.Next(4) == 0)
            return random.Next(2) == 0 ? Guard.Absent(RandomRecordKey(key)) : Guard.RevisionIn(RandomRecordKey(key), model.Records.GetValueOrDefault(RandomRecordKey(key)) is var record && record != default ? record.Revision : 1);
        var current = model.Latest.GetValueOrDefault(key)?.Revision ?? model.LatestRevision;
        return random.Next(5) switch
        {
            0 => Guard.Exists(Some.Key(key)),
            1 => Guard.Absent(Some.Key(key)),
            2 => Guard.RevisionIn(Some.Key(key), current),
            3 => Guard.RevisionIn(Some.Key(key), current - 1, current, current + 1),
            _ => Guard.RevisionNotIn(Some.Key(key), current + random.Next(2)),
        };
    }

    private void ReadAtRevision()
    {
        var from = random.Next(2) == 0 ? 0 : Math.Max(0, model.OldestRevision - 5);
        ReadAt(random.NextInt64(from - 1, model.LatestRevision + 3));
    }

    private void ReadAt(long revision)
    {
        var expected = model.ReadAt(revision);
        var found = store.TryGetSnapshot(revision, out var snapshot);
        Assert.True(expected is not null == found, $"At({revision}) is {found}, with {store.OldestRevision}..{store.Latest.Revision} remembered.");
        if (expected is null)
            return;
        Assert.Equal(revision, snapshot!.Revision);
        AssertSame(expected, snapshot);
        CheckRange(expected, snapshot);
    }

    private void Hold()
    {
        var snapshot = store.Latest;
        if (random.Next(2) == 0)
        {
            store.Retain(snapshot);
            model.Keep(snapshot.Revision);
        }

        if (_heldText.TryAdd(snapshot, Describe(snapshot)))
            _held.Add(snapshot);
    }

    private async Task ReadLatestAsync()
    {
        var snapshot = Assert.IsType<Snapshot>(await store.ReadAsync(TestContext.Current.CancellationToken));
        Assert.Equal(model.LatestRevision, snapshot.Revision);
        AssertSame(model.Latest, snapshot);
        CheckRange(model.Latest, snapshot);
    }

    private void CheckRange(SortedDictionary<string, ModelEntry> expected, Snapshot snapshot)
    {
        var text = Keys[random.Next(Keys.Length)];
        var bytes = Some.Bytes(text)[..random.Next(Some.Bytes(text).Length + 1)];
        var after = Some.Bytes(Keys[random.Next(Keys.Length)]);
        var inside = expected.Keys.Where(key => Some.Bytes(key).AsSpan().StartsWith(bytes)).ToList();
        var behind = inside.Where(key => Some.Bytes(key).AsSpan().SequenceCompareTo(after) > 0).ToList();

        var range = KeyRange.WithPrefix(bytes);
        AssertKeys(inside, snapshot.Scan(range));
        Assert.Equal(inside.Count, snapshot.CountOf(range));
        AssertKeys(behind, snapshot.Scan(range.After(after)));
        Assert.Equal(behind.Count, snapshot.CountOf(range.After(after)));
    }

    private static void AssertSame(SortedDictionary<string, ModelEntry> expected, Snapshot snapshot)
    {
        Assert.Equal(expected.Count, snapshot.Count);
        Assert.Equal(expected.Sum(pair => StoreModel.BytesOf(pair.Key, pair.Value)), UserBytes(snapshot));
        AssertKeys(expected.Keys, snapshot.Scan(Some.Everything));
        foreach (var key in Keys)
            AssertSame(expected.GetValueOrDefault(key), snapshot.Find(Some.Key(key)));
    }

    // xunit's own comparison would take most of the run's time.
    private static void AssertKeys(IEnumerable<string> expected, IEnumerable<Entry> entries)
    {
        var keys = entries.Select(entry => entry.Key.ToString()).ToList();
        if (!expected.SequenceEqual(keys))
            Assert.Equal(expected, keys);
    }

    private static void AssertSame(ModelEntry? expected, Entry? found)
    {
        var seen = found is not { } entry ? null : new ModelEntry(
            entry.Text(), entry.ContentType, entry.CreatedRevision, entry.Revision, entry.Version, entry.ModifiedAt, entry.ExpiresAt);
        if (seen != expected)
            Assert.Equal(expected, seen);
    }

    private static string Describe(Snapshot snapshot) => $"{snapshot.Revision} {snapshot.Count} {snapshot.Bytes} " + string.Join(
        ';', snapshot.Scan(Some.Everything).Select(entry => $"{entry.Key}={entry.Text()}@{entry.Revision}#{entry.Version}"));
}
