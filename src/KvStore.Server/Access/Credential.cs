namespace KvStore.Server;

/// <summary>The credential of a request, in one of the two headers that may have it.</summary>
internal static class Credential
{
    public const string ApiKeyHeader = "X-Api-Key";

    private const string Scheme = "Bearer ";

    /// <summary>Reads the credential: null if there is none; empty if what is there is not one credential in a form that is understood.</summary>
    /// <param name="context">The request.</param>
    /// <param name="isAmbiguous">Whether there are several.</param>
    public static ReadOnlySpan<char> Of(HttpContext context, out bool isAmbiguous)
    {
        var headers = context.Request.Headers;
        var authorization = headers.Authorization;
        var apiKey = headers[ApiKeyHeader];
        isAmbiguous = authorization.Count + apiKey.Count > 1;
        return isAmbiguous ? default
            : apiKey is [{ } key] ? key
            : authorization is [{ } text] && text.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? text.AsSpan(Scheme.Length)
            : default;
    }

    public static bool IsGiven(HttpContext context) => context.Request.Headers.Authorization.Count + context.Request.Headers[ApiKeyHeader].Count > 0;
}
