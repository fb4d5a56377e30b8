using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;

namespace KvStore.Server.Tests;

/// <summary>Tokens (JWT) of an issuer: what they must have, and what they allow. The tokens are made here by hand, as an attacker would make them.</summary>
public sealed class TokenIssuerTests : IDisposable
{
    private const string Issuer = "https://login.example.com/";

    private readonly RSA _key = RSA.Create(2048);
    private readonly TemporaryDirectory _directories = new();
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);
    private readonly string _file;

    public TokenIssuerTests()
    {
        _file = Path.Combine(Directory.CreateDirectory(_directories.New()).FullName, "keys.json");
        WriteKeys(_key);
    }

    [Fact]
    public async Task Authenticate_GoodToken_HasRightsAndPrefixesAndOnePrincipal()
    {
        using var issuer = New();
        var token = Sign(Claims());
        var result = await issuer.AuthenticateAsync(token);
        var principal = Assert.IsType<Principal>(result.Principal);
        Assert.Equal(("jwt:ada", Rights.Read | Rights.Write, "a/ b c/"), (principal.Name, principal.Rights, string.Join(' ', principal.Prefixes)));
        Assert.Same(principal, (await issuer.AuthenticateAsync(token)).Principal);
        Assert.False(principal.HasAllKeys);
    }

    [Fact]
    public async Task Authenticate_Expired_IsRefusedAndPrincipalRevoked()
    {
        using var issuer = New();
        var token = Sign(Claims());
        var principal = Assert.IsType<Principal>((await issuer.AuthenticateAsync(token)).Principal);
        _time.Advance(TimeSpan.FromMinutes(5) + TokenIssuer.ClockSkew + TimeSpan.FromSeconds(2));
        Assert.True(principal.IsRevoked);
        Assert.False((await issuer.AuthenticateAsync(token)).Succeeded);
    }

    public static TheoryData<string, string?> Faults => new()
    {
        { "exp", "1700000000" }, { "exp", null }, { "nbf", "4000000000" }, { "iss", "\"https://evil.example.com/\"" }, { "iss", null }, { "aud", "\"other\"" }, { "aud", null },
        { "sub", null }, { "sub", "\"\"" }, { "sub", "\"a b\"" }, { "kvstore_rights", null }, { "kvstore_rights", "\"openid\"" }, { "kvstore_prefixes", null }, { "kvstore_prefixes", "[]" },
        { "kvstore_prefixes", "null" }, { "kvstore_prefixes", "[null]" }, { "kvstore_rights", "null" },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task Authenticate_ClaimIsMissingOrWrong_IsRefused(string claim, string? value)
    {
        using var issuer = New();
        var claims = Claims();
        claims.Remove(claim);
        if (value is not null)
            claims[claim] = JsonNode.Parse(value);
        Assert.False((await issuer.AuthenticateAsync(Sign(claims))).Succeeded);
    }

    [Theory]
    [InlineData("none")]
    [InlineData("None")]
    [InlineData("HS256")]
    [InlineData("RS256 of another key")]
    [InlineData("RS256 changed")]
    [InlineData("nonsense")]
    [InlineData("")]
    [InlineData("long")]
    public async Task Authenticate_ForgedSignature_IsRefused(string forgery)
    {
        using var issuer = New();
        using var other = RSA.Create(2048);
        var claims = Claims();

        // The public key, in the forms in which a confused reader would take it for a shared secret.
        var publicKey = Encoding.UTF8.GetBytes(_key.ExportSubjectPublicKeyInfoPem());
        string[] tokens = forgery switch
        {
            "none" or "None" => [Token(forgery, claims, _ => []), Token(forgery, claims, _ => [1])],
            "HS256" => [Token("HS256", claims, text => HMACSHA256.HashData(publicKey, text)), Token("HS256", claims, text => HMACSHA256.HashData(_key.ExportSubjectPublicKeyInfo(), text)), Token("HS256", claims, text => HMACSHA256.HashData(File.ReadAllBytes(_file), text))],
            "RS256 of another key" => [Token("RS256", claims, text => other.SignData(text, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))],
            "RS256 changed" => [Sign(claims)[..^5] + "AAAAA", Changed(Sign(claims))],
            "long" => [new string('a', 100_000)],
            _ => [forgery, forgery + ".", forgery + "." + forgery + "." + forgery],
        };
        foreach (var token in tokens)
            Assert.False((await issuer.AuthenticateAsync(token)).Succeeded);
    }

    [Fact]
    public async Task Authenticate_EmptyPrefix_IsForAllKeys()
    {
        using var issuer = New();
        var claims = Claims();
        claims["kvstore_prefixes"] = "";
        Assert.True(((Principal)(await issuer.AuthenticateAsync(Sign(claims))).Principal!).HasAllKeys);
    }

    [Fact]
    public async Task Authenticate_ExpiryBeyondAllTimes_IsAccepted()
    {
        using var issuer = New();
        var claims = Claims();
        claims["exp"] = 400_000_000_000;
        Assert.True((await issuer.AuthenticateAsync(Sign(claims))).Succeeded);
    }

    [Fact]
    public async Task KeysFile_WithoutTheKeyOfKnownToken_EndsIt()
    {
        using var issuer = New();
        var token = Sign(Claims());
        var principal = Assert.IsType<Principal>((await issuer.AuthenticateAsync(token)).Principal);
        using var other = RSA.Create(2048);
        WriteKeys(other);
        _time.Advance(TimeSpan.FromSeconds(6));
        Assert.True(principal.IsRevoked);
        Assert.False((await issuer.AuthenticateAsync(token)).Succeeded);
    }

    [Fact]
    public async Task Request_WithToken_IsAuthorizedByIt()
    {
        var options = new KvServerOptions { Settings = { ["JwtAuthority"] = Issuer, ["JwtAudience"] = "kvstore", ["JwtKeysFile"] = _file } };
        await using var service = await KvServer.StartAsync(options);
        var bearer = ("Authorization", "Bearer " + Sign(Claims()));
        (await service.Client.PutAsync("/v1/kv/a/1", "v", bearer)).Expect(201);
        (await service.Client.GetAsync("/v1/kv/a/1", bearer)).Expect(200);
        (await service.Client.PutAsync("/v1/kv/x", "v", bearer)).ExpectProblem(403, "forbidden");
        (await service.Client.DeleteAsync("/v1/kv/a/1", bearer)).ExpectProblem(403, "forbidden");
        (await service.Client.GetAsync("/v1/kv/a/1")).ExpectProblem(401, "unauthorized");
        (await service.Client.GetAsync("/v1/kv/a/1", ("Authorization", "Bearer " + Sign(Claims())[..^1]))).ExpectProblem(401, "unauthorized");
        (await service.Client.GetAsync("/readyz")).Expect(200);
    }

    // Nothing listens there, so the token may be good. Words that are no token are not.
    [Fact]
    public async Task Request_IssuerUnreachable_Is503()
    {
        var options = new KvServerOptions { Settings = { ["JwtAuthority"] = "https://127.0.0.1:1", ["JwtAudience"] = "kvstore" } };
        await using var service = await KvServer.StartAsync(options);
        var bearer = ("Authorization", "Bearer " + Sign(Claims()));
        var read = (await service.Client.GetAsync("/v1/kv/a/1", bearer)).ExpectProblem(503, "unavailable");
        Assert.Equal(("5", false), (read.Header("Retry-After"), read.Json.TryGetProperty("outcome", out _)));
        var write = (await service.Client.PutAsync("/v1/kv/a/1", "v", bearer)).ExpectProblem(503, "unavailable");
        Assert.Equal("not-applied", write.Json.GetProperty("outcome").GetString());
        Assert.Equal(0, service.Store.Latest.Revision);
        (await service.Client.GetAsync("/v1/kv/a/1", ("Authorization", "Bearer nonsense"))).ExpectProblem(401, "unauthorized");
    }

    [Theory]
    [InlineData("{}", "no public key")]
    [InlineData("nonsense", "")]
    [InlineData("{\"keys\":[{\"kty\":\"oct\",\"k\":\"AAAA\"}]}", "no public key")]
    public void New_UnusableKeys_AreAnErrorAtStart(string text, string reason)
    {
        File.WriteAllText(_file, text);
        var problem = Assert.Single(Assert.Throws<InvalidSettingsException>(New).Problems);
        Assert.StartsWith("KvStore:JwtKeysFile must be a file with the issuer's public keys", problem, StringComparison.Ordinal);
        Assert.Contains(reason, problem, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _key.Dispose();
        _directories.Dispose();
    }

    private void WriteKeys(RSA key)
    {
        var parameters = key.ExportParameters(false);
        File.WriteAllText(_file, $$"""{"keys":[{"kty":"RSA","use":"sig","kid":"1","n":"{{Base64(parameters.Modulus!)}}","e":"{{Base64(parameters.Exponent!)}}"}]}""");
    }

    private static string Base64(byte[] bytes) => Convert.ToBase64String(bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_');

    private static string Token(string algorithm, JsonObject claims, Func<byte[], byte[]> sign)
    {
        var text = $"{Base64(Encoding.UTF8.GetBytes($$"""{"alg":"{{algorithm}}","typ":"JWT","kid":"1"}"""))}.{Base64(Encoding.UTF8.GetBytes(claims.ToJsonString()))}";
        return $"{text}.{Base64(sign(Encoding.UTF8.GetBytes(text)))}";
    }

    private static string Changed(string token)
    {
        var parts = token.Split('.');
        var claims = Claims();
        claims["kvstore_prefixes"] = "";
        return $"{parts[0]}.{Base64(Encoding.UTF8.GetBytes(claims.ToJsonString()))}.{parts[2]}";
    }

    private static JsonObject Claims() => new()
    {
        ["iss"] = Issuer,
        ["aud"] = "kvstore",
        ["sub"] = "ada",
        ["exp"] = DateTimeOffset.UtcNow.AddMinutes(5).ToUnixTimeSeconds(),
        ["kvstore_rights"] = "openid read write",
        ["kvstore_prefixes"] = new JsonArray("a/", "b c/"),
    };

    private string Sign(JsonObject claims) => Token("RS256", claims, text => _key.SignData(text, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));

    private TokenIssuer New() => new(new KvStoreOptions { JwtAuthority = Issuer, JwtAudience = "kvstore", JwtKeysFile = _file }, _time, NullLoggerFactory.Instance);
}
