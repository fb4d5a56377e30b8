using System.Buffers.Binary;
using System.Security.Cryptography;

namespace KvStore.Server;

/// <summary>The keys of one version of the key file, by their hashes. Immutable; any thread may use it.</summary>
internal sealed class KeySet
{
    private readonly Dictionary<ulong, Holder[]> _byHash;

    /// <param name="entries">The keys.</param>
    /// <param name="before">The keys before them: a key that has not changed keeps its principal.</param>
    public KeySet(IReadOnlyList<KeyEntry> entries, KeySet? before)
    {
        Holders = [.. entries.Select(entry => new Holder(entry, before?.Holders.FirstOrDefault(holder => holder.Entry.IsSameAs(entry))?.Principal ?? entry.ToPrincipal()))];
        _byHash = Holders.GroupBy(holder => StartOf(holder.Entry.Hash.Span)).ToDictionary(group => group.Key, group => group.ToArray());
    }

    public IReadOnlyList<Holder> Holders { get; }

    /// <summary>The principal of a token, unless it has been revoked.</summary>
    public Principal? Find(ReadOnlySpan<char> token)
    {
        Span<byte> hash = stackalloc byte[KeyEntry.HashBytes];
        if (!KeyToken.TryHash(token, hash) || !_byHash.TryGetValue(StartOf(hash), out var holders))
            return null;
        foreach (var holder in holders)
        {
            if (CryptographicOperations.FixedTimeEquals(holder.Entry.Hash.Span, hash))
                return holder.Principal.IsRevoked ? null : holder.Principal;
        }

        return null;
    }

    private static ulong StartOf(ReadOnlySpan<byte> hash) => BinaryPrimitives.ReadUInt64LittleEndian(hash);

    /// <summary>A key and its principal.</summary>
    public sealed record Holder(KeyEntry Entry, Principal Principal);
}
