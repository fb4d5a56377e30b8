using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace KvStore.Server.Tests;

/// <summary>Tokens (JWT) of an issuer for the callers of the matrix.</summary>
internal static class MatrixTokens
{
    private const string Issuer = "https://login.example.com/";
    private const string Audience = "kvstore";

    private static readonly RSA Key = RSA.Create(2048);
    private static readonly RSA OtherKey = RSA.Create(2048);

    /// <summary>Has a service accept the issuer's tokens.</summary>
    public static void AddTo(Dictionary<string, string> settings)
    {
        var key = Key.ExportParameters(includePrivateParameters: false);
        var set = $$"""{"keys":[{"kty":"RSA","use":"sig","kid":"1","n":"{{Base64Url.EncodeToString(key.Modulus)}}","e":"{{Base64Url.EncodeToString(key.Exponent)}}"}]}""";
        (settings["JwtAuthority"], settings["JwtAudience"], settings["JwtKeysFile"]) = (Issuer, Audience, TestKeys.WriteText(Some.Bytes(set)));
    }

    /// <summary>A token that says what a caller may do.</summary>
    public static string Of(MatrixCaller caller)
    {
        var claims = new JsonObject
        {
            ["iss"] = Issuer,
            ["aud"] = Audience,
            ["sub"] = caller.Name,
            ["exp"] = DateTimeOffset.UtcNow.AddHours(caller.IsExpired ? -1 : 1).ToUnixTimeSeconds(),
            ["kvstore_rights"] = string.Join(' ', RightsText.NamesOf(caller.Rights)),
            ["kvstore_prefixes"] = new JsonArray([.. caller.Prefixes.DefaultIfEmpty("").Select(prefix => (JsonNode?)prefix)]),
        };
        var text = $"{Base64Url.EncodeToString("""{"alg":"RS256","typ":"JWT","kid":"1"}"""u8)}.{Base64Url.EncodeToString(Some.Bytes(claims.ToJsonString()))}";
        var signature = (caller.IsForged ? OtherKey : Key).SignData(Some.Bytes(text), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        return $"{text}.{Base64Url.EncodeToString(signature)}";
    }
}
