using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Http.Features;

namespace KvStore.Server;

/// <summary>The keys of one version of the key file, by their hashes. Thread-safe.</summary>
/// <remarks>
/// A hash takes a large part of the time of a small request. The web server gives the requests of a connection the same string for the same
/// <c>Authorization</c> header, so the set remembers strings that it has verified, by identity: a string does not change, and no client can
/// guess a reference.
/// </remarks>
internal sealed class KeySet
{
    // A power of two, and enough for as many busy connections. Others share a place, and are hashed more often.
    private const int VerifiedMax = 1024;

    private readonly Dictionary<UInt128, Holder> _byHash = [];
    private readonly Verified?[] _verified = new Verified?[VerifiedMax];

    /// <param name="entries">The keys. Their hashes differ.</param>
    /// <param name="before">The keys before them: a key that has not changed keeps its principal.</param>
    public KeySet(IReadOnlyList<KeyEntry> entries, KeySet? before)
    {
        Holders = [.. entries.Select(entry => before?.Find(entry) is { } same && same.Entry.IsSameAs(entry) ? same : new Holder(entry, PrincipalOf(entry)))];
        foreach (var holder in Holders)
            _byHash[StartOf(holder.Entry.Hash.Span)] = holder;
    }

    public IReadOnlyList<Holder> Holders { get; }

    /// <summary>The principal of a request, or null if it has no key that is accepted.</summary>
    public Principal? Find(HttpContext context)
    {
        var token = Credential.Of(context, out var source);
        if (token.IsEmpty)
            return Credential.CountOf(context) == 0 && context.Features.Get<ITlsConnectionFeature>()?.ClientCertificate is { } certificate ? Verify(certificate) : null;
        if (source is null)
            return Verify(token);

        ref var place = ref _verified[RuntimeHelpers.GetHashCode(source) & (VerifiedMax - 1)];
        var verified = Volatile.Read(ref place);
        if (!ReferenceEquals(verified?.Source, source))
        {
            if (Verify(token) is not { } found)
                return null;
            Volatile.Write(ref place, verified = new Verified(source, found));
        }

        return verified.Principal.IsRevoked ? null : verified.Principal;
    }

    /// <summary>Whether a principal is one of these keys.</summary>
    public bool Contains(Holder holder) => ReferenceEquals(Find(holder.Entry), holder);

    /// <summary>The principal of a token, or null if it is not accepted.</summary>
    public Principal? Verify(ReadOnlySpan<char> token)
    {
        Span<byte> hash = stackalloc byte[KeyEntry.HashBytes];
        return KeyToken.TryHash(token, hash) ? Find(hash) : null;
    }

    /// <summary>The principal of a client certificate, whose owner has proved to have its private key; null if it is not accepted.</summary>
    public Principal? Verify(X509Certificate2 certificate)
    {
        Span<byte> hash = stackalloc byte[KeyEntry.HashBytes];
        return certificate.TryGetCertHash(HashAlgorithmName.SHA256, hash, out _) ? Find(hash) : null;
    }

    private Principal? Find(ReadOnlySpan<byte> hash) => _byHash.TryGetValue(StartOf(hash), out var holder)
        && CryptographicOperations.FixedTimeEquals(holder.Entry.Hash.Span, hash) && !holder.Principal.IsRevoked ? holder.Principal : null;

    private Holder? Find(KeyEntry entry) => _byHash.GetValueOrDefault(StartOf(entry.Hash.Span));

    private static Principal PrincipalOf(KeyEntry entry) => new(entry.Name, entry.Rights, entry.Prefixes) { ExpiresAt = entry.ExpiresAt, Quotas = entry.Quotas };

    private static UInt128 StartOf(ReadOnlySpan<byte> hash) => BinaryPrimitives.ReadUInt128LittleEndian(hash);

    /// <summary>A key and its principal.</summary>
    public sealed record Holder(KeyEntry Entry, Principal Principal);

    private sealed record Verified(string Source, Principal Principal);
}
