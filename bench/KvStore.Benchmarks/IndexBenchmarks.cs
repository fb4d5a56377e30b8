using BenchmarkDotNet.Attributes;

namespace KvStore.Benchmarks;

/// <summary>The index against the library's collections, under BenchmarkDotNet: exact, and slow at the larger sizes.</summary>
[MemoryDiagnoser]
public class IndexBenchmarks
{
    private const int Operations = 256;

    private Contender _contender = new OrderedIndexContender();
    private Key[] _lookups = [];
    private Entry[] _replacing = [];

    [Params(1_000, 100_000, 1_000_000, 10_000_000)]
    public int Entries { get; set; }

    [Params("user", "hex", "package")]
    public string Keys { get; set; } = "user";

    [ParamsSource(nameof(Names))]
    public string Collection { get; set; } = "";

    public static IEnumerable<string> Names => Contender.All().Select(contender => contender.Name);

    [GlobalSetup]
    public void Setup()
    {
        var keys = KeyShapes.Make(Keys, Entries);
        Entry[] sorted = [.. keys.Order().Select(Contender.EntryOf)];
        _contender = Contender.All().Single(contender => contender.Name == Collection);
        _contender.Load(sorted);
        _lookups = [.. new Random(1).GetItems(keys, 64 * Operations).Select(key => Key.Parse(key.ToString()))];
        _replacing = [.. _lookups.Select(Contender.EntryOf)];
    }

    [Benchmark(OperationsPerInvoke = 64 * Operations)]
    public int Get()
    {
        var found = 0;
        foreach (var key in _lookups)
            found += _contender.Find(key) is null ? 0 : 1;
        return found;
    }

    [Benchmark(OperationsPerInvoke = 64 * Operations)]
    public void Set()
    {
        for (var at = 0; at < _replacing.Length; at += Operations)
            _contender.Set(_replacing.AsSpan(at, Operations));
    }

    [Benchmark]
    public long ScanAll() => _contender.Scan(touch: false);
}
