using System.Security.Cryptography;

namespace KvStore.Server;

/// <summary>One key as the key file has it: everything but the token. Immutable.</summary>
/// <param name="Name">The name, unique in the file.</param>
/// <param name="Hash">The SHA-256 of the token, or of a client certificate.</param>
/// <param name="Rights">Its rights.</param>
internal sealed record KeyEntry(string Name, ReadOnlyMemory<byte> Hash, Rights Rights)
{
    public const int HashBytes = SHA256.HashSizeInBytes;

    /// <summary>What the keys that it has rights to begin with; empty for all keys.</summary>
    public IReadOnlyList<string> Prefixes { get; init; } = [];

    public DateTimeOffset? ExpiresAt { get; init; }

    public Quotas Quotas { get; init; } = Quotas.None;

    /// <summary>Makes a key with a new token.</summary>
    public static (string Token, KeyEntry Key) New(string name, Rights rights)
    {
        var token = KeyToken.New();
        var hash = new byte[HashBytes];
        KeyToken.TryHash(token, hash);
        return (token, new KeyEntry(name, hash, rights));
    }

    /// <summary>Whether a principal that was made of the other entry can serve for this one.</summary>
    public bool IsSameAs(KeyEntry other) => Name == other.Name && Hash.Span.SequenceEqual(other.Hash.Span) && Rights == other.Rights
        && ExpiresAt == other.ExpiresAt && Quotas == other.Quotas && Prefixes.SequenceEqual(other.Prefixes, StringComparer.Ordinal);
}
