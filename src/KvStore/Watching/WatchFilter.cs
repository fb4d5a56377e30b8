namespace KvStore;

/// <summary>The keys of a watcher: one key, or all keys with a prefix. Never matches the store's own records. Immutable; any thread may use it.</summary>
public readonly struct WatchFilter
{
    private WatchFilter(Key text, bool isPrefix) => (Text, IsPrefix) = (text, isPrefix);

    /// <summary>The key or the prefix.</summary>
    internal Key Text { get; }

    /// <summary>Whether <see cref="Text"/> is a prefix.</summary>
    internal bool IsPrefix { get; }

    /// <summary>Matches one key.</summary>
    public static WatchFilter OfKey(Key key) => new(key, isPrefix: false);

    /// <summary>Matches every key that starts with the bytes, which are copied. Without bytes it matches every key.</summary>
    public static WatchFilter OfPrefix(ReadOnlySpan<byte> prefix) => new(Key.FromStored(prefix), isPrefix: true);

    /// <summary>The matching keys as a range.</summary>
    public KeyRange Range => IsPrefix ? KeyRange.WithPrefix(Text.Utf8) : new KeyRange(Text.Utf8.ToArray(), (byte[])[.. Text.Utf8, 0]);

    /// <summary>Whether a key matches.</summary>
    public bool Matches(ReadOnlySpan<byte> key) =>
        IsPrefix ? key.StartsWith(Text.Utf8) && KeyRange.IsUserKey(key) : key.SequenceEqual(Text.Utf8);

    /// <summary>Counts the changes of a commit whose key matches, with what it deleted by prefix.</summary>
    public int CountIn(Commit commit)
    {
        var count = commit.Deleted?.CountOf(Text, IsPrefix) ?? 0;
        foreach (ref readonly var change in commit.Changes)
            count += Matches(change.Key.Utf8) ? 1 : 0;
        return count;
    }

    /// <summary>The entries with a matching key that a commit deleted by prefix, in key order. Lazy: there may be millions.</summary>
    public IEnumerable<Entry> DeletedIn(Commit commit) => commit.Deleted?.Scan(Range) ?? [];
}
