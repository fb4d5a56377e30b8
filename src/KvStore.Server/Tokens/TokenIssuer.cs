using Microsoft.AspNetCore.Authentication;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace KvStore.Server;

/// <summary>Accepts the tokens (JWT, RFC 7519) of one issuer, whose claims say the rights and the prefixes. Thread-safe.</summary>
/// <remarks>
/// By the libraries of ASP.NET Core's JwtBearer handler, without the handler: that one makes a principal for each request, while everything
/// about a token stays the same until it expires (<see cref="TokenCache"/>).
/// </remarks>
internal sealed class TokenIssuer : IDisposable
{
    private const int TokenCharactersMax = 16 * 1024;

    // Names of keys and of subjects must not meet: idempotency records and limits belong to names.
    private const string NamePrefix = "jwt:";

    /// <summary>How far the clocks of the issuer and of this machine may differ.</summary>
    public static readonly TimeSpan ClockSkew = TimeSpan.FromSeconds(30);

    // With keys that others may know but only the issuer has. Symmetric ones are not among them, so that a public key is never taken for a shared secret.
    private static readonly string[] Algorithms =
    [
        SecurityAlgorithms.RsaSha256, SecurityAlgorithms.RsaSha384, SecurityAlgorithms.RsaSha512,
        SecurityAlgorithms.RsaSsaPssSha256, SecurityAlgorithms.RsaSsaPssSha384, SecurityAlgorithms.RsaSsaPssSha512,
        SecurityAlgorithms.EcdsaSha256, SecurityAlgorithms.EcdsaSha384, SecurityAlgorithms.EcdsaSha512,
    ];

    private static readonly AuthenticateResult NotAccepted = AuthenticateResult.Fail("The token is not accepted.");
    private static readonly AuthenticateResult NotChecked = AuthenticateResult.Fail("The token cannot be checked.");
    private static readonly TimeSpan LogWindowLength = TimeSpan.FromSeconds(10);

    private readonly KvStoreOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly LogWindow _unreachable;
    private readonly TokenCache _cache;
    private readonly JsonWebTokenHandler _handler = new() { MaximumTokenSizeInBytes = TokenCharactersMax };
    private readonly TokenValidationParameters _parameters;
    private readonly ReloadedFiles<SecurityKey[]>? _keys;
    private volatile string _failure = "";

    /// <exception cref="InvalidSettingsException">The keys of the issuer are in a file that cannot be used.</exception>
    public TokenIssuer(KvStoreOptions options, TimeProvider time, ILoggerFactory loggers)
    {
        var logger = _logger = loggers.CreateLogger("KvStore.Server.Access");
        (_options, _time) = (options, time);
        _unreachable = new LogWindow(1, LogWindowLength, time, count => logger.IssuerUnreachable(count, LogWindowLength.TotalSeconds, options.JwtAuthority, _failure));
        _cache = new TokenCache(time);
        _parameters = new TokenValidationParameters
        {
            ValidAudience = options.JwtAudience,
            ValidAlgorithms = Algorithms,
            ClockSkew = ClockSkew,
        };
        if (options.JwtKeysFile == KvStoreOptions.None)
        {
            var address = options.JwtAuthority.TrimEnd('/') + "/.well-known/openid-configuration";
            _parameters.ConfigurationManager = new ConfigurationManager<OpenIdConnectConfiguration>(address, new OpenIdConnectConfigurationRetriever(), new HttpDocumentRetriever { RequireHttps = true });
            return;
        }

        _parameters.ValidIssuer = options.JwtAuthority;
        _parameters.IssuerSigningKeyResolver = (_, _, _, _) => _keys!.Current;
        try
        {
            _keys = new ReloadedFiles<SecurityKey[]>([options.JwtKeysFile], Parse, time, Reloaded, failure => logger.IssuerKeysUnusable(options.JwtKeysFile, failure.Message));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException or FormatException or JsonException)
        {
            Dispose();
            throw new InvalidSettingsException([$"{KvStoreOptions.Section}:{nameof(KvStoreOptions.JwtKeysFile)} must be a file with the issuer's public keys (a JSON Web Key Set). Given: {options.JwtKeysFile}. {exception.Message}"]);
        }
    }

    /// <summary>Whether a token could not be checked: it may be good.</summary>
    public static bool IsUnchecked(AuthenticateResult result) => ReferenceEquals(result, NotChecked);

    /// <summary>The result of authenticating by a token.</summary>
    public async Task<AuthenticateResult> AuthenticateAsync(string token)
    {
        if (token.Length > TokenCharactersMax)
            return NotAccepted;
        var hash = TokenCache.HashOf(token);
        if (_cache.Find(hash) is { } known)
            return await known.Authenticated;

        var result = await _handler.ValidateTokenAsync(token, _parameters);
        if (result.IsValid && PrincipalOf(result) is { } principal)
            return await _cache.Add(hash, principal).Authenticated;

        // Without the issuer's keys the handler refuses a token for want of what comes with them.
        var problem = result.Exception is SecurityTokenException && _handler.CanReadToken(token) ? await FetchProblemAsync() : result.Exception;
        if (problem is null or SecurityTokenException or ArgumentException)
            return NotAccepted;

        // Not the token's fault: the issuer's keys could not be fetched, so it is unknown whether the token is good.
        _failure = problem.Message;
        if (_unreachable.Admit())
            _logger.IssuerUnreachable(1, LogWindowLength.TotalSeconds, _options.JwtAuthority, _failure);
        return NotChecked;
    }

    // Null if the keys are there.
    private async Task<Exception?> FetchProblemAsync()
    {
        try
        {
            if (_parameters.ConfigurationManager is { } configuration)
                await configuration.GetBaseConfigurationAsync(CancellationToken.None);
            return null;
        }
        catch (Exception exception) when (exception is InvalidOperationException or IOException or OperationCanceledException)
        {
            return exception;
        }
    }

    public void Dispose()
    {
        _keys?.Dispose();
        _cache.Dispose();
        _unreachable.Dispose();
    }

    // A key that the issuer withdrew may be in other hands, and known tokens are not verified again. Good ones are when they come next.
    private void Reloaded(SecurityKey[] keys)
    {
        _cache.Clear();
        _logger.IssuerKeysReloaded(keys.Length, _options.JwtKeysFile);
    }

    private static SecurityKey[] Parse(byte[][] contents)
    {
        var keys = new JsonWebKeySet(Encoding.UTF8.GetString(contents[0])).GetSigningKeys().Where(key => key is not SymmetricSecurityKey).ToArray();
        return keys.Length > 0 ? keys : throw new FormatException("It has no public key for signatures.");
    }

    /// <summary>The principal that a valid token names; null if it lacks what every token needs.</summary>
    private Principal? PrincipalOf(TokenValidationResult result)
    {
        // A null is an empty text here, and as a prefix that would be for all keys.
        var claims = result.ClaimsIdentity.Claims.Where(claim => claim.ValueType != JsonClaimValueTypes.JsonNull).ToLookup(claim => claim.Type, claim => claim.Value, StringComparer.Ordinal);
        if (claims[JwtRegisteredClaimNames.Sub].FirstOrDefault() is not { } subject || !KeyFile.IsName(subject))
            return null;

        // Words that are no rights are for others: scopes are often shared.
        var rights = Rights.None;
        foreach (var word in claims[_options.JwtRightsClaim].SelectMany(claim => claim.Split(' ')))
            rights |= RightsText.TryParse(word, out var right) ? right : Rights.None;

        // Without the claim it is for no entry: what is missing by mistake must not open everything. An empty prefix is for all.
        var prefixes = claims[_options.JwtPrefixesClaim].ToArray();
        if (prefixes.Length == 0)
            rights &= Rights.Admin;
        var validTo = new DateTimeOffset(result.SecurityToken.ValidTo, TimeSpan.Zero);
        var expiresAt = validTo < DateTimeOffset.MaxValue - ClockSkew ? validTo + ClockSkew : DateTimeOffset.MaxValue;
        return expiresAt <= _time.GetUtcNow() || rights == Rights.None ? null
            : new Principal(NamePrefix + subject, rights, prefixes.Contains("") ? [] : prefixes) { ExpiresAt = expiresAt };
    }
}
