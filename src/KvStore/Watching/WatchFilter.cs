namespace KvStore;

/// <summary>Which keys a watcher wants to hear of: one, or all that start with a prefix. The store's own records are never among them.</summary>
public readonly struct WatchFilter
{
    private WatchFilter(Key text, bool isPrefix) => (Text, IsPrefix) = (text, isPrefix);

    /// <summary>The key or the prefix.</summary>
    internal Key Text { get; }

    /// <summary>Whether <see cref="Text"/> is a prefix.</summary>
    internal bool IsPrefix { get; }

    /// <summary>One key.</summary>
    public static WatchFilter OfKey(Key key) => new(key, isPrefix: false);

    /// <summary>Every key that starts with the bytes, which are copied; with no bytes, every key.</summary>
    public static WatchFilter OfPrefix(ReadOnlySpan<byte> prefix) => new(Key.FromStored(prefix), isPrefix: true);

    /// <summary>The keys as a range.</summary>
    public KeyRange Range => IsPrefix ? KeyRange.WithPrefix(Text.Utf8) : new KeyRange(Text.Utf8.ToArray(), (byte[])[.. Text.Utf8, 0]);

    /// <summary>Whether a key is one of them.</summary>
    public bool Matches(ReadOnlySpan<byte> key) =>
        IsPrefix ? key.StartsWith(Text.Utf8) && KeyRange.IsUserKey(key) : key.SequenceEqual(Text.Utf8);

    /// <summary>How many of a commit's changes are about these keys.</summary>
    public int CountIn(Commit commit)
    {
        var count = 0;
        foreach (ref readonly var change in commit.Changes)
            count += Matches(change.Key.Utf8) ? 1 : 0;
        return count;
    }
}
