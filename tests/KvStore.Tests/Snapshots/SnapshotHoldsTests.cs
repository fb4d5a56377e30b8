namespace KvStore.Tests;

/// <summary>The account of old snapshots against what is really reachable, for random commits, holds and releases.</summary>
public sealed class SnapshotHoldsTests
{
    [Fact]
    public Task Account_RandomHoldsOfTheLatest_IsExact() => Seed.ForEachAsync(6, seed =>
    {
        var holds = new Sequence(seed, 200);
        for (var step = 0; step < 600; step++)
        {
            holds.Step(late: false);
            Assert.Equal(holds.Reachable, holds.Account.Bytes);
        }

        holds.ReleaseAll();
        return Task.CompletedTask;
    });

    [Fact]
    public Task Account_LateHoldsAndDroppedRanges_IsNeverTooSmall() => Seed.ForEachAsync(6, seed =>
    {
        var holds = new Sequence(seed, 200);
        for (var step = 0; step < 600; step++)
        {
            holds.Step(late: true);
            Assert.InRange(holds.Reachable, 0, holds.Account.Bytes);
        }

        holds.ReleaseAll();
        return Task.CompletedTask;
    });

    [Fact]
    public void Account_HotKeyOverwritten_CountsOnlyWhatTheSnapshotHas()
    {
        var holds = new Sequence(1, 10);
        holds.HoldLatest();
        for (var i = 0; i < 1000; i++)
            holds.Put(0, 10_000);
        Assert.InRange(holds.Account.Bytes, 1, 15_000);
        holds.ReleaseAll();
    }

    /// <summary>A store without its loop, and the snapshots of it that are held.</summary>
    private sealed class Sequence
    {
        private readonly Random _random;
        private readonly SnapshotHolds _holds;
        private readonly List<Snapshot> _held = [];
        private long _revision;
        private Snapshot _latest;
        private Snapshot _before;

        public Sequence(int seed, int entries)
        {
            _random = new Random(seed);
            _holds = new SnapshotHolds(Account);
            _latest = Snapshot.Empty.Replace(0, [], _holds);
            _holds.Publish(_latest);
            _before = _latest;
            var builder = _latest.ToBuilder();
            Apply(1, [.. Enumerable.Range(0, entries).Select(key => Change(builder, key))], builder);
        }

        public MemoryAccount Account { get; } = new("snapshots", long.MaxValue);

        public long Reachable => HeldMemory.Of(_latest, _held);

        public void Step(bool late)
        {
            switch (_random.Next(8))
            {
                case 0 or 1:
                    HoldLatest();
                    break;
                case 2 when _held.Count > 0:
                    Release(_random.Next(_held.Count));
                    break;
                case 3 when late:
                    Hold(_before);
                    break;
                case 4 when late && _random.Next(4) == 0:
                    DeletePrefix();
                    break;
                default:
                    // The builder has taken the held ages when one more is held, or one is released.
                    var builder = _latest.ToBuilder();
                    if (_random.Next(3) == 0)
                        HoldLatest();
                    if (_held.Count > 0 && _random.Next(3) == 0)
                        Release(_random.Next(_held.Count));
                    for (var commits = _random.Next(1, 3); commits > 0; commits--)
                        Apply(commits, [.. Enumerable.Range(0, _random.Next(1, 12)).Select(_ => _random.Next(300)).Distinct().Select(key => Change(builder, key))], builder);
                    break;
            }
        }

        public void HoldLatest() => Hold(_latest);

        public void Put(int number, int bytes)
        {
            var key = Some.Key($"{number:0000}");
            Apply(1, [new EntryChange(_latest.Find(key), Entry.Create(key, new byte[_random.Next(bytes)], "", 1, _latest.Revision + 1, 1, 0))], _latest.ToBuilder());
        }

        public void ReleaseAll()
        {
            while (_held.Count > 0)
                Release(0);
            Assert.Equal((0L, 0), (Account.Bytes, _holds.Held));
        }

        private void DeletePrefix()
        {
            var prefix = Some.Key($"{_random.Next(300):0000}"[..3]);
            var builder = _latest.ToBuilder();
            var entries = builder.Slice(KeyRange.WithPrefix(prefix.Utf8));
            if (entries.Count > 0)
                Publish(new Commit(++_revision, [], new DeletedPrefix(prefix, entries)), builder);
        }

        // The last of several commits of a builder is published.
        private void Apply(int left, EntryChange[] changes, SnapshotBuilder builder)
        {
            var commit = new Commit(++_revision, changes);
            if (left == 1)
                Publish(commit, builder);
            else
                builder.Apply(commit);
        }

        private void Publish(Commit commit, SnapshotBuilder builder)
        {
            builder.Apply(commit);
            _before = _latest;
            _latest = builder.ToSnapshot(commit.Revision);
            _holds.Publish(_latest);
        }

        private EntryChange Change(SnapshotBuilder builder, int number)
        {
            var key = Some.Key($"{number:0000}");
            if (builder.Find(key) is not { } present)
                return new EntryChange(null, New());
            return _random.Next(8) switch
            {
                0 => new EntryChange(present, null),
                1 or 2 => new EntryChange(present, Entry.Derive(present, key.Utf8, 1, _revision + 1, 1, 0, Entry.Never)),
                < 6 => new EntryChange(present, Entry.Extend(present, new byte[_random.Next(1, SharedValue.BytesMin)], _revision + 1, 1, 0, Entry.Never)),
                _ => new EntryChange(present, New()),
            };

            Entry New() => Entry.Create(key, new byte[_random.Next(2 * SharedValue.BytesMin)], "", 1, _revision + 1, 1, 0);
        }

        private void Hold(Snapshot snapshot)
        {
            _holds.Hold(snapshot);
            _held.Add(snapshot);
        }

        private void Release(int index)
        {
            _holds.Release(_held[index]);
            _held.RemoveAt(index);
        }
    }
}
