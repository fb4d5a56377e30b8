using System.Buffers;
using System.Text;

namespace KvStore;

/// <summary>Why bytes are not acceptable as a key.</summary>
public enum KeyProblem
{
    /// <summary>The bytes are acceptable.</summary>
    None,

    /// <summary>There are no bytes.</summary>
    Empty,

    /// <summary>There are more bytes than the limit allows.</summary>
    TooLong,

    /// <summary>The bytes are not well-formed UTF-8 (RFC 3629).</summary>
    InvalidUtf8,

    /// <summary>A control character (Unicode category Cc) is among them.</summary>
    ControlCharacter,

    /// <summary>A segment between slashes is <c>.</c> or <c>..</c>, which HTTP clients and proxies rewrite.</summary>
    DotSegment,
}

/// <summary>
/// A key: well-formed UTF-8, ordered by its bytes. The bytes are the key's own and never change.
/// </summary>
/// <remarks>
/// A leading control character cannot come from a user (see <see cref="Check"/>), which leaves everything below
/// U+0020 to the store's own records. The default value is the empty key; no entry has it.
/// </remarks>
public readonly struct Key : IEquatable<Key>, IComparable<Key>
{
    // The usual encoding would turn half a surrogate pair into U+FFFD, and so two texts into one key.
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    // An array of the key's own, or that of an entry, with more in it.
    private readonly byte[]? _holder;
    private readonly int _start;

    private Key(byte[] utf8)
        : this(utf8, 0, utf8.Length)
    {
    }

    internal Key(byte[] holder, int start, int length) => (_holder, _start, Length) = (holder, start, length);

    /// <summary>The key's bytes.</summary>
    public ReadOnlySpan<byte> Utf8 => new(_holder, _start, Length);

    /// <summary>The key's length in bytes.</summary>
    public int Length { get; }

    /// <summary>The first bytes of the key; they refer to it.</summary>
    internal Key Prefix(int length) => new(_holder!, _start, length);

    /// <summary>Makes a key of bytes that a user sent.</summary>
    /// <param name="utf8">The bytes; they are copied.</param>
    /// <param name="bytesMax">The most bytes that a key may have.</param>
    /// <param name="key">The key, when the answer is <see cref="KeyProblem.None"/>.</param>
    /// <returns>What is wrong with the bytes, or <see cref="KeyProblem.None"/>.</returns>
    public static KeyProblem TryCreate(ReadOnlySpan<byte> utf8, int bytesMax, out Key key)
    {
        var problem = Check(utf8, bytesMax);
        key = problem == KeyProblem.None ? new Key(utf8.ToArray()) : default;
        return problem;
    }

    /// <summary>Makes a key of text that is known to be acceptable: a constant, or a key that was checked before.</summary>
    /// <exception cref="ArgumentException">The text is not acceptable as a key.</exception>
    public static Key Parse(string text)
    {
        var problem = TryCreate(Strict.GetBytes(text), int.MaxValue, out var key);
        return problem == KeyProblem.None ? key : throw new ArgumentException($"Not a key: {problem}.", nameof(text));
    }

    /// <summary>Makes a key of bytes that were a key when they were stored; they are copied.</summary>
    internal static Key FromStored(ReadOnlySpan<byte> utf8) => new(utf8.ToArray());

    /// <summary>Says what is wrong with bytes that are meant to be a key.</summary>
    public static KeyProblem Check(ReadOnlySpan<byte> utf8, int bytesMax)
    {
        if (utf8.IsEmpty)
            return KeyProblem.Empty;
        if (utf8.Length > bytesMax)
            return KeyProblem.TooLong;
        if (!System.Text.Unicode.Utf8.IsValid(utf8))
            return KeyProblem.InvalidUtf8;
        if (HasControlCharacter(utf8))
            return KeyProblem.ControlCharacter;
        return HasDotSegment(utf8) ? KeyProblem.DotSegment : KeyProblem.None;
    }

    /// <summary>Whether well-formed UTF-8 contains a character of Unicode category Cc: U+0000-1F, U+007F-9F.</summary>
    public static bool HasControlCharacter(ReadOnlySpan<byte> utf8)
    {
        // U+0080-9F are the byte C2 followed by 80-9F.
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

    /// <summary>Compares by the keys' bytes, as unsigned numbers.</summary>
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

    /// <summary>The key as text.</summary>
    public override string ToString() => Encoding.UTF8.GetString(Utf8);

    /// <summary>Equality by bytes.</summary>
    public static bool operator ==(Key left, Key right) => left.Equals(right);

    /// <summary>Inequality by bytes.</summary>
    public static bool operator !=(Key left, Key right) => !left.Equals(right);

    /// <summary>Order by bytes.</summary>
    public static bool operator <(Key left, Key right) => left.CompareTo(right) < 0;

    /// <summary>Order by bytes.</summary>
    public static bool operator <=(Key left, Key right) => left.CompareTo(right) <= 0;

    /// <summary>Order by bytes.</summary>
    public static bool operator >(Key left, Key right) => left.CompareTo(right) > 0;

    /// <summary>Order by bytes.</summary>
    public static bool operator >=(Key left, Key right) => left.CompareTo(right) >= 0;
}
