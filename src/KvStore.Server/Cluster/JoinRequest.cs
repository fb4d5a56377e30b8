using System.Net;
using System.Net.Http.Headers;

namespace KvStore.Server;

/// <summary>The one request of a replica that joins. What is wrong with its answer is explained to the operator.</summary>
internal static class JoinRequest
{
    private const string Path = "/v1/cluster/join";

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    // Some authorities and settings. What is larger is of no replica.
    private const int AnswerBytesMax = 1 << 20;

    /// <exception cref="InvalidSettingsException">There is no invitation.</exception>
    public static async Task<JoinInvitation> SendAsync(Uri address, string? token)
    {
        using var handler = new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false };
        using var client = new HttpClient(handler) { Timeout = Timeout, MaxResponseContentBufferSize = AnswerBytesMax };
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(address.AbsoluteUri.TrimEnd('/') + Path));
        if (!string.IsNullOrWhiteSpace(token))
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token.Trim());
        try
        {
            using var response = await client.SendAsync(request).ConfigureAwait(false);
            var body = await response.Content.ReadAsByteArrayAsync().ConfigureAwait(false);
            return response.StatusCode == HttpStatusCode.OK && JoinInvitation.Read(body) is { } invitation ? invitation : throw Joining.Refusal(Explain(address, response.StatusCode, body));
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException or IOException)
        {
            var reason = exception is OperationCanceledException ? $"it did not answer within {Timeout.TotalSeconds} s" : exception.GetBaseException().Message;
            throw Joining.Refusal($"{address.OriginalString} cannot be joined: {reason}. Give --join the address of a replica that is running.");
        }
    }

    private static string Explain(Uri address, HttpStatusCode status, byte[] body)
    {
        var (type, detail) = ProblemOf(body);
        return (status, type) switch
        {
            (_, null) => $"{address.OriginalString} is no KvStore: it answered {(int)status} to GET {Path}. Give --join the address of a replica.",
            (HttpStatusCode.Unauthorized, _) => $"{address.OriginalString} needs a key with the right admin, or does not accept this one: give one with --join-token.",
            (HttpStatusCode.Forbidden, _) => $"{address.OriginalString} does not let this key ask ({detail}) Give --join-token a key with the right admin.",
            (HttpStatusCode.NotFound, _) => $"{address.OriginalString} is a KvStore of a version that cannot be joined. Update it.",
            _ => $"{address.OriginalString} cannot be joined now: it answered {(int)status}: {detail}",
        };
    }

    // Only a KvStore explains its problems on a page of this name.
    private static (string? Type, string? Detail) ProblemOf(byte[] body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            var type = document.RootElement.GetProperty("type").GetString();
            return type?.Contains(Problem.Page, StringComparison.Ordinal) == true ? (type, document.RootElement.GetProperty("detail").GetString()) : (null, null);
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return (null, null);
        }
    }
}
