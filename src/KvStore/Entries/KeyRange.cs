namespace KvStore;

/// <summary>An interval of keys in byte order: from <see cref="From"/> (inside) to <see cref="To"/> (outside).</summary>
/// <param name="From">The first bytes inside; empty means from the first key.</param>
/// <param name="To">The first bytes outside; empty means to the last key.</param>
/// <remarks>Bounds need not be keys; a range that ends before it starts is empty. Whoever makes a range leaves its arrays alone from then on.</remarks>
public readonly record struct KeyRange(ReadOnlyMemory<byte> From, ReadOnlyMemory<byte> To)
{
    // Below it are the store's own records: no user can name a key that starts with a control character.
    private static readonly byte[] FirstOfUsers = [0x20];

    /// <summary>Every key that a user can name.</summary>
    internal static KeyRange UserKeys { get; } = new(FirstOfUsers, default);

    /// <summary>The part of this range that users can name.</summary>
    internal KeyRange ClampToUserKeys() => From.Span.SequenceCompareTo(FirstOfUsers) < 0 ? this with { From = FirstOfUsers } : this;

    /// <summary>Whether a user can name the key.</summary>
    internal static bool IsUserKey(ReadOnlySpan<byte> key) => key.Length > 0 && key[0] >= FirstOfUsers[0];

    /// <summary>Whether no key can be inside, whatever the store holds: pagination past a prefix's end makes such a range.</summary>
    internal bool IsEmpty => !To.IsEmpty && From.Span.SequenceCompareTo(To.Span) >= 0;

    /// <summary>Every key that starts with the bytes; they are copied.</summary>
    public static KeyRange WithPrefix(ReadOnlySpan<byte> prefix)
    {
        // The first bytes after all that start with the prefix: drop trailing FFs, add one to what is then last.
        var end = prefix.TrimEnd((byte)0xFF).ToArray();
        if (end.Length > 0)
            end[^1]++;
        return new KeyRange(prefix.ToArray(), end);
    }

    /// <summary>The part of this range that comes after a key; the key's bytes are copied.</summary>
    public KeyRange After(ReadOnlySpan<byte> key)
    {
        if (key.SequenceCompareTo(From.Span) < 0)
            return this;
        var successor = new byte[key.Length + 1];
        key.CopyTo(successor);
        return new KeyRange(successor, To);
    }
}
