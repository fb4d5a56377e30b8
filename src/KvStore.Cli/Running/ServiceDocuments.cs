using System.Net;
using System.Net.Http.Headers;

namespace KvStore.Cli;

/// <summary>Reads documents about the service, which the client has no calls for.</summary>
internal static class ServiceDocuments
{
    private const long BytesMax = 16 << 20;

    /// <summary>The answer to a GET, as JSON.</summary>
    public static async Task<JsonDocument> GetAsync(Session session, string path, CancellationToken cancellationToken)
    {
        var address = session.Destination.Address.GetLeftPart(UriPartial.Path).TrimEnd('/');
        using var http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { Timeout = session.Timeout, MaxResponseContentBufferSize = BytesMax };
        using var request = new HttpRequestMessage(HttpMethod.Get, address + path);
        if (session.Destination.Key is { } key)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        try
        {
            using var response = await http.SendAsync(request, cancellationToken);
            var body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
            return response.StatusCode == HttpStatusCode.OK && response.Content.Headers.ContentType?.MediaType == "application/json"
                ? JsonDocument.Parse(body)
                : throw FailureOf(session, response, body, path);
        }
        catch (JsonException exception)
        {
            throw new KvFailure(ExitCode.Unreachable, $"{address}{path} is answered with what is no JSON. Is this a KvStore?", exception);
        }
        catch (HttpRequestException exception)
        {
            throw new KvFailure(ExitCode.Unreachable, $"Cannot connect to {address}: {exception.Message}. Check that the service runs at this address. The address comes from {session.Destination.Source}.", exception);
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new KvFailure(ExitCode.Unreachable, $"{address} did not answer within {Units.Duration(session.Timeout)}. The address comes from {session.Destination.Source}.", exception);
        }
    }

    private static KvFailure FailureOf(Session session, HttpResponseMessage response, byte[] body, string path)
    {
        if (response.Content.Headers.ContentType?.MediaType != "application/problem+json")
            return new KvFailure(ExitCode.Unreachable, $"{session.Destination.Address} answered {(int)response.StatusCode} to {path}, but is no KvStore. The address comes from {session.Destination.Source}.");
        using var problem = JsonDocument.Parse(body);
        var detail = problem.RootElement.TryGetProperty("detail", out var text) ? text.GetString() : null;
        var isRefused = response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden;
        return response.StatusCode == HttpStatusCode.Unauthorized && session.Destination.Key is null
            ? new KvFailure(ExitCode.NotAllowed, "The service wants a key, and none was given. Set KVSTORE_KEY, give --key-file FILE, or add a profile with a key.")
            : new KvFailure(isRefused ? ExitCode.NotAllowed : ExitCode.Failed, detail ?? $"The service answered {(int)response.StatusCode}.");
    }
}
