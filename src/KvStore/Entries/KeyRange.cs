namespace KvStore;

/// <summary>The keys in [From, To), in byte order.</summary>
/// <param name="From">The inclusive lower bound; empty for no bound.</param>
/// <param name="To">The exclusive upper bound; empty for no bound.</param>
/// <remarks>
/// Bounds are bytes and need not be valid keys. A range whose bounds are reversed is empty. The range does not copy its bounds: their memory must not change
/// while the range is in use. Any thread may use it.
/// </remarks>
public readonly record struct KeyRange(ReadOnlyMemory<byte> From, ReadOnlyMemory<byte> To)
{
    // The store's own records are below it: users cannot name a key with a control character.
    private static readonly byte[] FirstOfUsers = [0x20];

    /// <summary>All keys that users can name.</summary>
    internal static KeyRange UserKeys { get; } = new(FirstOfUsers, default);

    /// <summary>The part of this range that users can name.</summary>
    internal KeyRange ClampToUserKeys() => From.Span.SequenceCompareTo(FirstOfUsers) < 0 ? this with { From = FirstOfUsers } : this;

    /// <summary>Whether users can name the key.</summary>
    internal static bool IsUserKey(ReadOnlySpan<byte> key) => key.Length > 0 && key[0] >= FirstOfUsers[0];

    /// <summary>Whether no key can be in the range. Pagination past the end of a prefix creates such a range.</summary>
    internal bool IsEmpty => !To.IsEmpty && From.Span.SequenceCompareTo(To.Span) >= 0;

    /// <summary>All keys that start with a prefix, which is copied. An empty prefix is the start of every key.</summary>
    public static KeyRange WithPrefix(ReadOnlySpan<byte> prefix)
    {
        // The least bytes after all that start with the prefix: drop trailing FFs, then increment the last byte.
        var end = prefix.TrimEnd((byte)0xFF).ToArray();
        if (end.Length > 0)
            end[^1]++;
        return new KeyRange(prefix.ToArray(), end);
    }

    /// <summary>The part of this range after a key, which is copied; this range when the key is before it.</summary>
    public KeyRange After(ReadOnlySpan<byte> key)
    {
        if (key.SequenceCompareTo(From.Span) < 0)
            return this;
        var successor = new byte[key.Length + 1];
        key.CopyTo(successor);
        return new KeyRange(successor, To);
    }
}
