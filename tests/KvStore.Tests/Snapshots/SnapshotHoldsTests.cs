namespace KvStore.Tests;

/// <summary>The account of old snapshots against what is really reachable, for random commits, holds and releases.</summary>
public sealed class SnapshotHoldsTests
{
    [Fact]
    public Task Account_RandomHoldsOfTheLatest_IsExact() => Seed.ForEachAsync(12, seed =>
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
    public Task Account_LateHoldsAndDroppedRanges_IsNeverTooSmall() => Seed.ForEachAsync(12, seed =>
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
        private Snapshot _latest;
        private Snapshot _before;

        public Sequence(int seed, int entries)
        {
            _random = new Random(seed);
            _holds = new SnapshotHolds(Account);
            _latest = Snapshot.Empty.Replace(0, [], _holds);
            _holds.Publish(_latest);
            _before = _latest;
            Commit([.. Enumerable.Range(0, entries).Select(key => Change(key, 100))], _latest.ToBuilder());
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
                    Commit([.. Enumerable.Range(0, _random.Next(1, 12)).Select(_ => _random.Next(300)).Distinct().Select(key => Change(key, 200))], builder);
                    break;
            }
        }

        public void HoldLatest() => Hold(_latest);

        public void Put(int number, int bytes) => Commit([Change(number, bytes)], _latest.ToBuilder());

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
                Publish(new Commit(_latest.Revision + 1, [], new DeletedPrefix(prefix, entries)), builder);
        }

        private void Commit(EntryChange[] changes, SnapshotBuilder builder) => Publish(new Commit(_latest.Revision + 1, changes), builder);

        private void Publish(Commit commit, SnapshotBuilder builder)
        {
            builder.Apply(commit);
            _before = _latest;
            _latest = builder.ToSnapshot(commit.Revision);
            _holds.Publish(_latest);
        }

        private EntryChange Change(int number, int bytesMax)
        {
            var key = Some.Key($"{number:0000}");
            var present = _latest.Find(key);
            return present is not null && _random.Next(4) == 0
                ? new EntryChange(present, null)
                : new EntryChange(present, Entry.Create(key, new byte[_random.Next(bytesMax)], "", 1, _latest.Revision + 1, 1, 0));
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
