namespace KvStore.Server;

/// <summary>The credential of a request, in one of the two headers that may have it.</summary>
internal static class Credential
{
    public const string ApiKeyHeader = "X-Api-Key";

    private const string Scheme = "Bearer ";

    private static readonly object Unchecked = new();

    /// <summary>The token of a request; empty if it has none, several, or one in another scheme.</summary>
    /// <param name="context">The request.</param>
    /// <param name="source">The header's text if the web server reuses it for the next request with the same; else null.</param>
    public static ReadOnlySpan<char> Of(HttpContext context, out string? source)
    {
        source = null;
        var headers = context.Request.Headers;
        var authorization = headers.Authorization;
        var apiKey = headers[ApiKeyHeader];
        if (authorization.Count + apiKey.Count != 1)
            return default;
        if (apiKey is [{ } key])
            return key;
        if (authorization is not [{ } text] || !text.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
            return default;
        source = text;
        return text.AsSpan(Scheme.Length);
    }

    /// <summary>How many credentials a request has, of whatever scheme.</summary>
    public static int CountOf(HttpContext context) => context.Request.Headers.Authorization.Count + context.Request.Headers[ApiKeyHeader].Count;

    /// <summary>Marks a request whose credential could not be checked, so that it is unknown whether it is good.</summary>
    public static void MarkUnchecked(HttpContext context) => context.Items[Unchecked] = Unchecked;

    public static bool IsUnchecked(HttpContext context) => context.Items.ContainsKey(Unchecked);
}
