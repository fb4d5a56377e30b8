using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace KvStore.Benchmarks;

/// <summary>An index under measurement.</summary>
internal abstract class Contender
{
    public abstract string Name { get; }

    public virtual bool Ordered => false;

    /// <summary>Fills the index with entries in key order.</summary>
    public abstract void Load(Entry[] sorted);

    public abstract Entry? Find(Key key);

    /// <summary>Puts a batch, and publishes the result if that is a separate step.</summary>
    public abstract void Set(ReadOnlySpan<Entry> batch);

    /// <summary>Undoes every put since <see cref="Load"/>, given the new keys.</summary>
    public abstract void Restore(Entry[] added);

    /// <summary>Visits every entry; reads the entries or only the references to them.</summary>
    public abstract long Scan(bool touch);

    public static List<Contender> All() =>
    [
        new ConcurrentDictionaryContender(), new DictionaryContender(), new ImmutableDictionaryContender(),
        new ImmutableSortedDictionaryContender(), new OrderedIndexContender(),
    ];

    public static Entry EntryOf(Key key) => Entry.Create(key.Utf8, new byte[16], "application/octet-stream", 1, 1, 1, 1, Entry.Never);

    // The library's collections hold a key beside the entry, in an array of its own as they would without this store's entries.
    protected static Key Detached(Key key) => Key.Parse(key.ToString());

    protected static long Visit(Entry entry, bool touch) => touch ? entry.Revision : entry == default ? 0 : 1;
}

internal sealed class KeyEquality : IEqualityComparer<Key>
{
    public static KeyEquality Instance { get; } = new();

    public bool Equals(Key x, Key y) => x.Utf8.SequenceEqual(y.Utf8);

    // Cheaper than HashCode.AddBytes, in favor of the dictionaries.
    public int GetHashCode(Key key)
    {
        var bytes = key.Utf8;
        var hash = 0x9E3779B97F4A7C15UL ^ (ulong)bytes.Length;
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
            hash = (System.Numerics.BitOperations.RotateLeft(hash, 27) ^ MemoryMarshal.Read<ulong>(bytes)) * 0x9FB21C651E98DF25UL;
        foreach (var last in bytes)
            hash = (hash ^ last) * 0x100000001B3UL;
        return (int)(hash >> 32);
    }
}

internal sealed class DictionaryContender : Contender
{
    private Dictionary<Key, Entry> _entries = [];

    public override string Name => "Dictionary";

    public override void Load(Entry[] sorted)
    {
        _entries = new(KeyEquality.Instance);
        foreach (var entry in sorted)
            _entries[Detached(entry.Key)] = entry;
    }

    public override Entry? Find(Key key) => _entries.TryGetValue(key, out var entry) ? entry : null;

    public override void Set(ReadOnlySpan<Entry> batch)
    {
        foreach (var entry in batch)
            _entries[entry.Key] = entry;
    }

    public override void Restore(Entry[] added)
    {
        foreach (var entry in added)
            _entries.Remove(entry.Key);
    }

    public override long Scan(bool touch)
    {
        var sum = 0L;
        foreach (var (_, entry) in _entries)
            sum += Visit(entry, touch);
        return sum;
    }
}

// It holds the entries' arrays, because it would make a node of its own for each set of a value that is no reference.
internal sealed class ConcurrentDictionaryContender : Contender
{
    private ConcurrentDictionary<Key, byte[]> _entries = [];

    public override string Name => "ConcurrentDictionary";

    public override void Load(Entry[] sorted)
    {
        _entries = new(KeyEquality.Instance);
        foreach (var entry in sorted)
            _entries[Detached(entry.Key)] = entry.Encoded;
    }

    public override Entry? Find(Key key) => _entries.TryGetValue(key, out var encoded) ? new Entry(encoded) : null;

    public override void Set(ReadOnlySpan<Entry> batch)
    {
        foreach (var entry in batch)
            _entries[entry.Key] = entry.Encoded;
    }

    public override void Restore(Entry[] added)
    {
        foreach (var entry in added)
            _entries.TryRemove(entry.Key, out _);
    }

    public override long Scan(bool touch)
    {
        var sum = 0L;
        foreach (var (_, encoded) in _entries)
            sum += Visit(new Entry(encoded), touch);
        return sum;
    }
}

internal sealed class ImmutableDictionaryContender : Contender
{
    private ImmutableDictionary<Key, Entry> _loaded = ImmutableDictionary.Create<Key, Entry>(KeyEquality.Instance);
    private volatile ImmutableDictionary<Key, Entry> _entries = ImmutableDictionary<Key, Entry>.Empty;

    public override string Name => "ImmutableDictionary";

    public override void Load(Entry[] sorted) =>
        _entries = _loaded = _loaded.Clear().AddRange(sorted.Select(entry => KeyValuePair.Create(Detached(entry.Key), entry)));

    public override Entry? Find(Key key) => _entries.TryGetValue(key, out var entry) ? entry : null;

    public override void Set(ReadOnlySpan<Entry> batch)
    {
        var builder = _entries.ToBuilder();
        foreach (var entry in batch)
            builder[entry.Key] = entry;
        _entries = builder.ToImmutable();
    }

    public override void Restore(Entry[] added) => _entries = _loaded;

    public override long Scan(bool touch)
    {
        var sum = 0L;
        foreach (var (_, entry) in _entries)
            sum += Visit(entry, touch);
        return sum;
    }
}

internal sealed class ImmutableSortedDictionaryContender : Contender
{
    private ImmutableSortedDictionary<Key, Entry> _loaded = ImmutableSortedDictionary<Key, Entry>.Empty;
    private volatile ImmutableSortedDictionary<Key, Entry> _entries = ImmutableSortedDictionary<Key, Entry>.Empty;

    public override string Name => "ImmutableSortedDictionary";

    public override bool Ordered => true;

    public override void Load(Entry[] sorted) =>
        _entries = _loaded = _loaded.Clear().AddRange(sorted.Select(entry => KeyValuePair.Create(Detached(entry.Key), entry)));

    public override Entry? Find(Key key) => _entries.TryGetValue(key, out var entry) ? entry : null;

    public override void Set(ReadOnlySpan<Entry> batch)
    {
        var builder = _entries.ToBuilder();
        foreach (var entry in batch)
            builder[entry.Key] = entry;
        _entries = builder.ToImmutable();
    }

    public override void Restore(Entry[] added) => _entries = _loaded;

    public override long Scan(bool touch)
    {
        var sum = 0L;
        foreach (var (_, entry) in _entries)
            sum += Visit(entry, touch);
        return sum;
    }
}

internal sealed class OrderedIndexContender : Contender
{
    private OrderedIndex _loaded = OrderedIndex.Empty;
    private volatile OrderedIndex _entries = OrderedIndex.Empty;

    public override string Name => "OrderedIndex";

    public override bool Ordered => true;

    public override void Load(Entry[] sorted) => _entries = _loaded = OrderedIndex.FromSorted(sorted);

    public override Entry? Find(Key key) => _entries.Find(key.Utf8);

    public override void Set(ReadOnlySpan<Entry> batch)
    {
        var builder = _entries.ToBuilder();
        foreach (var entry in batch)
            builder.Set(entry);
        _entries = builder.ToIndex();
    }

    public override void Restore(Entry[] added) => _entries = _loaded;

    public override long Scan(bool touch)
    {
        var sum = 0L;
        foreach (var entry in _entries.Scan(default))
            sum += Visit(entry, touch);
        return sum;
    }
}
