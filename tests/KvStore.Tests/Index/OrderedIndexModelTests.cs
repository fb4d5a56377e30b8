namespace KvStore.Tests;

/// <summary>Random operations on the index and on a model, compared after each; old versions are looked at again later.</summary>
public sealed class OrderedIndexModelTests
{
    public static TheoryData<string> Shapes => [.. IndexKeys.Shapes];

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Operations_ShortSequences_EqualModel(string shape)
    {
        var seed = IndexKeys.Seed();
        for (var sequence = 0; sequence < 200; sequence++)
            new Sequence(shape, unchecked(seed + sequence), loaded: sequence % 3 == 0 ? 0 : 120, checkEvery: 1).Run(operations: 60);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Operations_LargeIndexes_EqualModel(string shape)
    {
        var seed = IndexKeys.Seed();
        for (var sequence = 0; sequence < 2; sequence++)
            new Sequence(shape, unchecked(seed + sequence), loaded: 3000 * (sequence % 2), checkEvery: 250).Run(operations: 4000);
    }

    private sealed class Sequence
    {
        private readonly Random _random;
        private readonly Func<Key> _keys;
        private readonly int _checkEvery;
        private readonly string _name;
        private readonly List<(OrderedIndex Index, Entry[] Expected)> _versions = [];
        private IndexModel _model;
        private long _revision = 1;

        public Sequence(string shape, int seed, int loaded, int checkEvery)
        {
            _name = $"shape {shape}, KVSTORE_TEST_SEED={seed}";
            _random = new Random(seed);
            _keys = IndexKeys.Generator(shape, _random);
            _checkEvery = checkEvery;
            Entry[] entries = [.. Enumerable.Range(0, loaded).Select(_ => _keys()).Distinct().Order().Select(key => IndexKeys.EntryOf(key))];
            var index = OrderedIndex.FromSorted(entries);
            IndexModel.AssertHolds(index, entries);
            _versions.Add((index, entries));
            _model = new IndexModel(index, entries);
        }

        public void Run(int operations)
        {
            // Phases of growing and of shrinking, so that nodes are joined as well as split.
            for (var i = 0; i < operations; i++)
            {
                try
                {
                    Step(shrinking: i / (operations / 4) % 2 == 1);
                    if (i % _checkEvery == 0)
                        _model.Validate();
                }
                catch (Exception exception) when (exception is not OperationCanceledException)
                {
                    Assert.Fail($"{_name}, operation {i}: {exception}");
                }
            }

            foreach (var (index, expected) in _versions)
                IndexModel.AssertHolds(index, expected);
        }

        private void Step(bool shrinking)
        {
            var dice = _random.Next(100);
            if (dice < (shrinking ? 25 : 75))
                _model.Set(IndexKeys.EntryOf(_keys(), ++_revision));
            else if (dice < 88)
                _model.Remove(_model.Count > 0 && _random.Next(4) > 0 ? _model.AnyKey(_random) : _keys());
            else if (dice < 89)
                _model.RemoveRange(NarrowRange());
            else if (dice < 91)
                _model.CutAndPaste(IndexKeys.Range(_keys, _random), ChangeAround);
            else if (dice < 98)
                Look(_versions[_random.Next(_versions.Count)]);
            else if (dice < 99 || _random.Next(10) > 0)
                Publish();
            else
                GoBack();
        }

        private void ChangeAround(Func<Key, bool> isAround)
        {
            for (var i = _random.Next(20); i > 0; i--)
            {
                var key = _keys();
                if (isAround(key) && _random.Next(2) == 0)
                    _model.Set(IndexKeys.EntryOf(key, ++_revision));
                else if (isAround(key))
                    _model.Remove(key);
                else if (_random.Next(10) == 0)
                    _model.RemoveRange(NarrowRange());
            }
        }

        // Wide ranges too often would leave nothing to look at.
        private KeyRange NarrowRange()
        {
            var range = IndexKeys.Range(_keys, _random);
            return range.From.IsEmpty && range.To.IsEmpty && _random.Next(4) > 0 ? KeyRange.WithPrefix(_keys().Utf8) : range;
        }

        private void Look((OrderedIndex Index, Entry[] Expected) version)
        {
            IndexModel.AssertRange(version.Index, version.Expected, IndexKeys.Range(_keys, _random));
            IndexModel.AssertFind(version.Index, version.Expected, _keys());
        }

        private void Publish()
        {
            _versions.Add(_model.ToVersion());
            if (_versions.Count > 8)
                _versions.RemoveAt(_random.Next(_versions.Count));
        }

        private void GoBack()
        {
            var (index, expected) = _versions[_random.Next(_versions.Count)];
            _model = new IndexModel(index, expected);
        }
    }
}
