using Microsoft.AspNetCore.Authentication;

namespace KvStore.Server;

/// <summary>The authentication scheme of keys. It also writes the answers of requests that are not authenticated, or not authorized.</summary>
internal sealed class KeyAuthenticationHandler(KeyRing keys) : IAuthenticationHandler
{
    public const string Scheme = "key";

    private const string Challenge = "Bearer realm=\"kvstore\"";

    private static readonly Task<AuthenticateResult> None = Task.FromResult(AuthenticateResult.NoResult());
    private static readonly Task<AuthenticateResult> Failed = Task.FromResult(AuthenticateResult.Fail("The key is not accepted."));

    private HttpContext _context = null!;

    public Task InitializeAsync(AuthenticationScheme scheme, HttpContext context)
    {
        _context = context;
        return Task.CompletedTask;
    }

    public Task<AuthenticateResult> AuthenticateAsync() =>
        keys.Find(_context) is { } principal ? principal.Authenticated : Credential.CountOf(_context) > 0 ? Failed : None;

    public Task ChallengeAsync(AuthenticationProperties? properties)
    {
        var credentials = Credential.CountOf(_context);
        if (credentials > 1)
            return Problems.MalformedRequest($"The request has several credentials. Send one: either Authorization or {Credential.ApiKeyHeader}, once.", "Authorization").WriteAsync(_context);

        // A client that learns that its token is not accepted would give up, and not come back when the issuer does.
        if (Credential.IsUnchecked(_context))
            return UncheckedProblem().WriteAsync(_context);

        var isGiven = credentials > 0;
        _context.Response.Headers.WWWAuthenticate = isGiven ? Challenge + ", error=\"invalid_token\"" : Challenge;
        return Problems.Unauthorized(
            !isGiven ? $"Send a key, as Authorization: Bearer kv_... or {Credential.ApiKeyHeader}: kv_...."
            : Credential.Of(_context, out _).IsEmpty ? $"The header has no key where it must be. Write Authorization: Bearer kv_... or {Credential.ApiKeyHeader}: kv_...."
            : "The key is not accepted: it is not one of this service's, has expired, or has been removed. Ask the operator for another one.").WriteAsync(_context);
    }

    private Problem UncheckedProblem()
    {
        var problem = Problems.Unavailable("The token cannot be checked: the keys of its issuer cannot be fetched now. Try again.", RetryTimes.IssuerUnreachable);
        return HttpMethods.IsGet(_context.Request.Method) || HttpMethods.IsHead(_context.Request.Method) ? problem with { Outcome = null } : problem;
    }

    public Task ForbidAsync(AuthenticationProperties? properties) =>
        Problems.LacksRight(_context.GetEndpoint()?.Metadata.GetMetadata<RightsRequirement>()?.ToString() ?? "").WriteAsync(_context);
}
