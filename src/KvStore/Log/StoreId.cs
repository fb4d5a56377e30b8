using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;

namespace KvStore;

/// <summary>
/// Which store a position belongs to. Two stores give the same revisions to different commits, so a position that outlives a request
/// is only meaningful together with the id of its store.
/// </summary>
/// <param name="Value">A random number, never 0.</param>
public readonly record struct StoreId(ulong Value)
{
    /// <summary>The length of the text of an id.</summary>
    public const int TextLength = 16;

    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789abcdef");

    /// <summary>The id of a store that begins.</summary>
    public static StoreId Create()
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        do
            RandomNumberGenerator.Fill(bytes);
        while (BitConverter.ToUInt64(bytes) == 0);
        return new StoreId(BitConverter.ToUInt64(bytes));
    }

    /// <summary>Parses what <see cref="ToString"/> returns, and nothing else: one id has one text.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out StoreId id)
    {
        id = default;
        if (text.Length != TextLength || text.ContainsAnyExcept(Digits) ||
            !ulong.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value) || value == 0)
            return false;
        id = new StoreId(value);
        return true;
    }

    /// <summary>The id as 16 lowercase hexadecimal digits.</summary>
    public override string ToString() => Value.ToString("x16", CultureInfo.InvariantCulture);
}
