using Microsoft.AspNetCore.Authentication;

namespace KvStore.Server;

/// <summary>The authentication scheme where an issuer's tokens are accepted: by a key, or else by a token. The scheme of keys writes the answers.</summary>
internal sealed class TokenAuthentication(KeyRing keys, TokenIssuer issuer) : IAuthenticationHandler
{
    private const string Scheme = "token";

    private HttpContext _context = null!;

    public Task InitializeAsync(AuthenticationScheme scheme, HttpContext context)
    {
        _context = context;
        return Task.CompletedTask;
    }

    public async Task<AuthenticateResult> AuthenticateAsync() =>
        keys.Find(_context) is { } principal ? await principal.Authenticated
        : Credential.CountOf(_context) == 0 ? AuthenticateResult.NoResult()
        : await AuthenticateTokenAsync();

    public Task ChallengeAsync(AuthenticationProperties? properties) => throw new NotSupportedException();

    public Task ForbidAsync(AuthenticationProperties? properties) => throw new NotSupportedException();

    private async Task<AuthenticateResult> AuthenticateTokenAsync()
    {
        var result = await issuer.AuthenticateAsync(Credential.Of(_context, out _).ToString());
        if (TokenIssuer.IsUnchecked(result))
            Credential.MarkUnchecked(_context);
        return result;
    }

    /// <summary>Registers the scheme, if there is an issuer.</summary>
    public static void Add(IServiceCollection services, IConfiguration configuration)
    {
        if (!KvStoreSettings.IsGiven(configuration, nameof(KvStoreOptions.JwtAuthority)))
            return;
        services.AddSingleton<TokenIssuer>();
        services.AddTransient<TokenAuthentication>();
        services.Configure<AuthenticationOptions>(options =>
        {
            options.AddScheme<TokenAuthentication>(Scheme, displayName: null);
            options.DefaultAuthenticateScheme = Scheme;
        });
    }

    /// <summary>Reads the issuer's keys, so that those that cannot be used are an error at start.</summary>
    public static void Prepare(IServiceProvider services) => services.GetService<TokenIssuer>();
}
