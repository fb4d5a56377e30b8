using System.Buffers;

namespace KvStore;

/// <summary>Why bytes are not valid as a key.</summary>
public enum KeyProblem
{
    /// <summary>The bytes are valid.</summary>
    None,

    /// <summary>There are no bytes.</summary>
    Empty,

    /// <summary>There are more bytes than the limit allows.</summary>
    TooLong,

    /// <summary>The bytes are not well-formed UTF-8 (RFC 3629).</summary>
    InvalidUtf8,

    /// <summary>The bytes include a control character (Unicode category Cc).</summary>
    ControlCharacter,

    /// <summary>A segment between slashes is <c>.</c> or <c>..</c>, which HTTP clients and proxies rewrite.</summary>
    DotSegment,
}

/// <summary>
/// A key: well-formed UTF-8, compared and ordered by its bytes. Immutable; any thread may use it.
/// </summary>
/// <remarks>
/// Users cannot name keys with control characters (see <see cref="Check"/>), which reserves everything below
/// U+0020 for the store's own records. The default value is the empty key; no entry has it.
/// </remarks>
public readonly struct Key : IEquatable<Key>, IComparable<Key>
{
    // Encoding.UTF8 would replace half a surrogate pair by U+FFFD, and so map two texts to one key.
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    // An array of the key alone, or that of an entry.
    private readonly byte[]? _holder;
    private readonly int _start;

    private Key(byte[] utf8)
        : this(utf8, 0, utf8.Length)
    {
    }

    internal Key(byte[] holder, int start, int length) => (_holder, _start, Length) = (holder, start, length);

    /// <summary>The bytes of the key.</summary>
    public ReadOnlySpan<byte> Utf8 => new(_holder, _start, Length);

    /// <summary>The bytes of the key, as memory. It keeps the array in memory that the key is a view of.</summary>
    internal ReadOnlyMemory<byte> Memory => new(_holder, _start, Length);

    /// <summary>The length in bytes.</summary>
    public int Length { get; }

    /// <summary>The first bytes, as a view of this key.</summary>
    internal Key Prefix(int length) => new(_holder!, _start, length);

    /// <summary>Creates a key from bytes that a user sent.</summary>
    /// <param name="utf8">The bytes; copied.</param>
    /// <param name="bytesMax">The longest valid key, in bytes.</param>
    /// <param name="key">The key, if the result is <see cref="KeyProblem.None"/>; else the default value.</param>
    /// <returns>The first problem found, or <see cref="KeyProblem.None"/>.</returns>
    public static KeyProblem TryCreate(ReadOnlySpan<byte> utf8, int bytesMax, out Key key)
    {
        var problem = Check(utf8, bytesMax);
        key = problem == KeyProblem.None ? new Key(utf8.ToArray()) : default;
        return problem;
    }

    /// <summary>Creates a key from text that is known to be valid: a constant, or a key that was checked before. Without a limit of length.</summary>
    /// <exception cref="ArgumentException">The text is not valid as a key.</exception>
    public static Key Parse(string text)
    {
        var problem = TryCreate(Strict.GetBytes(text), int.MaxValue, out var key);
        return problem == KeyProblem.None ? key : throw new ArgumentException($"Not a key: {problem}.", nameof(text));
    }

    /// <summary>Creates a key from bytes that the store trusts; copies them without a check.</summary>
    internal static Key FromStored(ReadOnlySpan<byte> utf8) => new(utf8.ToArray());

    /// <summary>Checks whether bytes are valid as a key of at most <paramref name="bytesMax"/> bytes, and returns the first problem found.</summary>
    public static KeyProblem Check(ReadOnlySpan<byte> utf8, int bytesMax)
    {
        if (utf8.IsEmpty)
            return KeyProblem.Empty;
        if (utf8.Length > bytesMax)
            return KeyProblem.TooLong;

        // Printable ASCII, as most keys are, needs one pass. A start checks every key.
        if (utf8.ContainsAnyExceptInRange((byte)' ', (byte)'~'))
        {
            if (!System.Text.Unicode.Utf8.IsValid(utf8))
                return KeyProblem.InvalidUtf8;
            if (HasControlCharacter(utf8))
                return KeyProblem.ControlCharacter;
        }

        return HasDotSegment(utf8) ? KeyProblem.DotSegment : KeyProblem.None;
    }

    /// <summary>Whether UTF-8 includes a character of Unicode category Cc: U+0000-1F, U+007F-9F. The bytes must be well-formed.</summary>
    public static bool HasControlCharacter(ReadOnlySpan<byte> utf8)
    {
        // U+0080-9F are encoded as C2 80-9F.
        for (var rest = utf8; rest.IndexOfAny(SuspectBytes) is >= 0 and var at; rest = rest[(at + 1)..])
        {
            if (rest[at] != 0xC2 || rest[at + 1] <= 0x9F)
                return true;
        }

        return false;
    }

    private static readonly SearchValues<byte> SuspectBytes =
        SearchValues.Create([.. Enumerable.Range(0, 0x20).Select(b => (byte)b), 0x7F, 0xC2]);

    private static bool HasDotSegment(ReadOnlySpan<byte> utf8)
    {
        if (!utf8.Contains((byte)'.'))
            return false;
        foreach (var segment in utf8.Split((byte)'/'))
        {
            if (utf8[segment] is [(byte)'.'] or [(byte)'.', (byte)'.'])
                return true;
        }

        return false;
    }

    /// <summary>Compares the bytes, as unsigned numbers.</summary>
    public int CompareTo(Key other) => Utf8.SequenceCompareTo(other.Utf8);

    /// <inheritdoc/>
    public bool Equals(Key other) => Utf8.SequenceEqual(other.Utf8);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Key other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.AddBytes(Utf8);
        return hash.ToHashCode();
    }

    /// <summary>The key as text. Allocates.</summary>
    public override string ToString() => Encoding.UTF8.GetString(Utf8);

    /// <summary>Equality by bytes.</summary>
    public static bool operator ==(Key left, Key right) => left.Equals(right);

    /// <summary>Inequality by bytes.</summary>
    public static bool operator !=(Key left, Key right) => !left.Equals(right);
}
