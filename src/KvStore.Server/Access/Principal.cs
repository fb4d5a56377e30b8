using System.Collections.Immutable;
using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http.Features.Authentication;

namespace KvStore.Server;

/// <summary>
/// Who makes a request, and what they may do. One for each key, shared by all of its requests. Immutable except that it can be revoked, once;
/// any thread may use it.
/// </summary>
#pragma warning disable CA1001 // A source without a timer holds nothing to dispose of, and requests may look at its token after the key is gone.
internal sealed class Principal : ClaimsPrincipal, IHttpAuthenticationFeature, IKeyScope
#pragma warning restore CA1001
{
    private readonly CancellationTokenSource _revocation = new();
    private readonly ImmutableArray<byte[]> _prefixes;
    private readonly KeyRange[] _ranges;

    /// <param name="name">The name, in logs and for limits.</param>
    /// <param name="rights">The rights.</param>
    /// <param name="prefixes">The prefixes of the keys that they are for; none for all keys.</param>
    public Principal(string name, Rights rights, IReadOnlyList<string> prefixes)
        : base(new ClaimsIdentity([new Claim(ClaimTypes.Name, name)], rights == Rights.None ? null : KeyAuthenticationHandler.Scheme))
    {
        Authenticated = Task.FromResult(AuthenticateResult.Success(new AuthenticationTicket(this, KeyAuthenticationHandler.Scheme)));
        Name = name;
        Rights = rights;
        Prefixes = prefixes;
        _prefixes = [.. prefixes.Select(Encoding.UTF8.GetBytes)];
        _ranges = [.. _prefixes.Select(prefix => KeyRange.WithPrefix(prefix))];
    }

    /// <summary>Every client, where every client may do everything: when no keys are configured.</summary>
    public static Principal Anyone { get; } = new("anyone", Rights.Read | Rights.Write | Rights.Delete | Rights.Admin, []);

    /// <summary>A client without a key, where keys are configured. It reaches only open endpoints.</summary>
    public static Principal Anonymous { get; } = new("anonymous", Rights.None, []);

    public string Name { get; }

    public Rights Rights { get; }

    /// <summary>What the keys that it has rights to begin with; empty for all keys.</summary>
    public IReadOnlyList<string> Prefixes { get; }

    /// <summary>The result of authenticating a request of it, made once.</summary>
    public Task<AuthenticateResult> Authenticated { get; }

    public DateTimeOffset? ExpiresAt { get; init; }

    public Quotas Quotas { get; init; } = Quotas.None;

    /// <summary>Itself: as a feature of a request it says who makes it, without an object for each request.</summary>
    ClaimsPrincipal? IHttpAuthenticationFeature.User
    {
        get => this;
        set => throw new NotSupportedException("Who makes the request is decided.");
    }

    /// <summary>Cancelled when the key is removed, is changed or expires. Whatever outlives the check of its request must end then: watches, long polls, exports.</summary>
    /// <remarks>Never of <see cref="Anyone"/>, so that without keys no request pays for it.</remarks>
    public CancellationToken Revoked => ReferenceEquals(this, Anyone) ? CancellationToken.None : _revocation.Token;

    public bool IsRevoked => _revocation.IsCancellationRequested;

    /// <summary>Whether it has rights to all keys, and so may learn what is about the store as a whole.</summary>
    public bool HasAllKeys => _prefixes.IsEmpty;

    public bool Allows(Rights rights, Key key) => (Rights & rights) == rights && (_prefixes.IsEmpty || IsBelow(key.Utf8));

    /// <summary>Whether it has the rights to all keys that can be in the range, which must lie below one of its prefixes.</summary>
    public bool Allows(Rights rights, KeyRange range) => (Rights & rights) == rights && (_prefixes.IsEmpty || Array.Exists(_ranges, own => Contains(own, range)));

    /// <summary>Ends all watches and transfers in its name. The callbacks run on other threads.</summary>
    public void Revoke() => _ = _revocation.CancelAsync();

    private bool IsBelow(ReadOnlySpan<byte> key)
    {
        foreach (var prefix in _prefixes)
        {
            if (key.StartsWith(prefix))
                return true;
        }

        return false;
    }

    private static bool Contains(KeyRange own, KeyRange range) => range.From.Span.SequenceCompareTo(own.From.Span) >= 0 &&
        (own.To.IsEmpty || (!range.To.IsEmpty && range.To.Span.SequenceCompareTo(own.To.Span) <= 0));
}
