using System.Text;

namespace KvStore.Server.Tests;

/// <summary>What the store should hold, at every revision that was ever answered.</summary>
internal sealed class Model
{
    /// <summary>The order of keys: that of their UTF-8 bytes, which is not that of .NET strings.</summary>
    public static readonly Comparer<byte[]> ByteOrder = Comparer<byte[]>.Create((left, right) => left.AsSpan().SequenceCompareTo(right));

    private static readonly Comparer<string> KeyOrder = Comparer<string>.Create((left, right) => ByteOrder.Compare(Encoding.UTF8.GetBytes(left), Encoding.UTF8.GetBytes(right)));

    private readonly SortedDictionary<long, SortedDictionary<string, Item>> _states = new() { [0] = new(KeyOrder) };

    public long LatestRevision { get; private set; }

    public SortedDictionary<string, Item> Latest => _states[LatestRevision];

    /// <summary>Every revision that was answered, oldest first.</summary>
    public IReadOnlyList<long> Revisions => [.. _states.Keys];

    public void Put(string key, byte[] value, string contentType, long revision)
    {
        var next = Next(revision);
        next[key] = next.TryGetValue(key, out var before)
            ? before with { Revision = revision, Version = before.Version + 1, Value = value, ContentType = contentType }
            : new Item(revision, revision, 1, value, contentType);
    }

    public void Delete(string key, long revision) => Assert.True(Next(revision).Remove(key));

    /// <summary>The state at a revision; between two, that of the earlier one.</summary>
    public SortedDictionary<string, Item> At(long revision) => _states[_states.Keys.Last(known => known <= revision)];

    /// <summary>What a listing should have.</summary>
    public List<KeyValuePair<string, Item>> List(long revision, string prefix, string after) =>
    [
        .. At(revision).Where(pair => pair.Key.StartsWith(prefix, StringComparison.Ordinal) && (after.Length == 0 || KeyOrder.Compare(pair.Key, after) > 0)),
    ];

    /// <summary>What a listing with a delimiter should have: keys, and common prefixes where the item is null.</summary>
    public List<KeyValuePair<string, Item?>> List(long revision, string prefix, string after, string delimiter) =>
    [
        .. List(revision, prefix, "")
            .Select(pair => pair.Key.IndexOf(delimiter, prefix.Length, StringComparison.Ordinal) is >= 0 and var at
                ? new KeyValuePair<string, Item?>(pair.Key[..(at + delimiter.Length)], null)
                : new KeyValuePair<string, Item?>(pair.Key, pair.Value))
            .DistinctBy(pair => pair.Key)
            .Where(pair => after.Length == 0 || KeyOrder.Compare(pair.Key, after) > 0),
    ];

    private SortedDictionary<string, Item> Next(long revision)
    {
        Assert.True(revision > LatestRevision, $"Revision {revision} was answered after {LatestRevision}.");
        var next = new SortedDictionary<string, Item>(Latest, KeyOrder);
        _states.Add(LatestRevision = revision, next);
        return next;
    }

    public sealed record Item(long Revision, long CreatedRevision, long Version, byte[] Value, string ContentType);
}
