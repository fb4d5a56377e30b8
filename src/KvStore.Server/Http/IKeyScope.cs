using Microsoft.AspNetCore.Http.Features.Authentication;

namespace KvStore.Server;

/// <summary>A client that may have rights to some keys only. It must not learn then what the store has besides them.</summary>
internal interface IKeyScope
{
    bool HasAllKeys { get; }

    /// <summary>Whether its rights have ended since its request began.</summary>
    bool IsRevoked { get; }

    /// <summary>That of a request; null where everybody has rights to all keys.</summary>
    static IKeyScope? Of(HttpContext context) => (context.Features[typeof(IHttpAuthenticationFeature)] as IHttpAuthenticationFeature)?.User as IKeyScope;
}
