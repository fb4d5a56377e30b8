using System.Buffers.Text;
using System.Security.Cryptography;

namespace KvStore.Server;

/// <summary>The text of a key, which only its owner has: <c>kv_</c> and 256 random bits in base64url.</summary>
internal static class KeyToken
{
    public const string Prefix = "kv_";

    private const int RandomBytes = 32;

    private static readonly int Length = Prefix.Length + Base64Url.GetEncodedLength(RandomBytes);

    public static string New() => Prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(RandomBytes));

    /// <summary>The hash of a token; false if the text cannot be one.</summary>
    public static bool TryHash(ReadOnlySpan<char> token, Span<byte> hash)
    {
        if (token.Length != Length || !token.StartsWith(Prefix, StringComparison.Ordinal))
            return false;
        Span<byte> ascii = stackalloc byte[token.Length];
        if (Ascii.FromUtf16(token, ascii, out _) != OperationStatus.Done)
            return false;
        SHA256.HashData(ascii, hash);
        return true;
    }
}
