using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace KvStore.Server;

/// <summary>The principals of tokens that were accepted, by the tokens' hashes, until they expire. Thread-safe.</summary>
internal sealed class TokenCache : IDisposable
{
    /// <summary>About 10 MB. Only the issuer can make more than that; the one that expires next gives way.</summary>
    public const int TokensMax = 10_000;

    private static readonly TimeSpan SweepInterval = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<TokenHash, Principal> _principals = new();
    private readonly TimeProvider _time;
    private readonly ITimer _timer;

    public TokenCache(TimeProvider time)
    {
        _time = time;
        _timer = time.CreateTimer(static cache => ((TokenCache)cache!).Sweep(), this, SweepInterval, SweepInterval);
    }

    public static TokenHash HashOf(string token)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(token), hash);
        return MemoryMarshal.Read<TokenHash>(hash);
    }

    public Principal? Find(TokenHash hash) => _principals.TryGetValue(hash, out var principal) && !(principal.ExpiresAt <= _time.GetUtcNow()) ? principal : null;

    /// <summary>Adds a principal.</summary>
    /// <returns>The principal, or the one that a request with the same token has added meanwhile.</returns>
    public Principal Add(TokenHash hash, Principal principal)
    {
        if (_principals.Count >= TokensMax)
            Remove(_principals.MinBy(each => each.Value.ExpiresAt).Key);
        return _principals.GetOrAdd(hash, principal);
    }

    /// <summary>Forgets and revokes all of them.</summary>
    public void Clear()
    {
        foreach (var (hash, _) in _principals)
            Remove(hash);
    }

    public void Dispose() => _timer.Dispose();

    // Watches and exports in the name of a token end with it.
    private void Sweep()
    {
        var now = _time.GetUtcNow();
        foreach (var (hash, principal) in _principals)
        {
            if (principal.ExpiresAt <= now)
                Remove(hash);
        }
    }

    private void Remove(TokenHash hash)
    {
        if (_principals.TryRemove(hash, out var principal))
            principal.Revoke();
    }
}

/// <summary>The SHA-256 of a token.</summary>
internal readonly record struct TokenHash(UInt128 First, UInt128 Second);
