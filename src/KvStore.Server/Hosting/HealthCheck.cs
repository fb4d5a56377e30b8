using System.Net;

namespace KvStore.Server;

/// <summary>Checks whether a running service on this machine is ready, so that a container image needs no other program for that.</summary>
internal static class HealthCheck
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(2);

    /// <summary>Sends the check and reports the result in a line.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(IConfiguration configuration, TextWriter output)
    {
        if (AddressSettings.Local(configuration).FirstOrDefault() is not { } address)
        {
            await output.WriteLineAsync("There is no address to check. Give one with --urls.").ConfigureAwait(false);
            return ExitCodes.Failure;
        }

        using var handler = new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false };

        // Certificates name the service as others know it, not as this machine does. The check sends no secret, and believes only a status.
#pragma warning disable CA5359
        handler.SslOptions.RemoteCertificateValidationCallback = (_, _, _, _) => true;
#pragma warning restore CA5359
        using var client = new HttpClient(handler) { Timeout = Timeout };
        var uri = new Uri(address, "/readyz");
        try
        {
            using var response = await SendAsync(client, uri).ConfigureAwait(false);
            var text = await response.Content.ReadAsStringAsync().ConfigureAwait(false);
            await output.WriteLineAsync($"{uri} answered {(int)response.StatusCode}: {text}").ConfigureAwait(false);
            return response.IsSuccessStatusCode ? ExitCodes.Success : ExitCodes.Failure;
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
        {
            var reason = exception is OperationCanceledException ? $"no answer within {Timeout.TotalSeconds} s" : ReasonOf(exception);
            await output.WriteLineAsync($"{uri} could not be reached: {reason}").ConfigureAwait(false);
            return ExitCodes.Failure;
        }
    }

    /// <summary>Sends the check, and once more as HTTP/2 to an address without TLS that takes nothing else: it answers 400 to HTTP/1.1.</summary>
    private static async Task<HttpResponseMessage> SendAsync(HttpClient client, Uri uri)
    {
        var response = await client.GetAsync(uri).ConfigureAwait(false);
        if (response.StatusCode != HttpStatusCode.BadRequest)
            return response;
        response.Dispose();
        using var request = new HttpRequestMessage(HttpMethod.Get, uri) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        return await client.SendAsync(request).ConfigureAwait(false);
    }

    // .NET's message of a failed TLS handshake only refers to the inner exception.
    private static string ReasonOf(Exception exception) =>
        exception is HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } ? "no TLS connection: " + exception.GetBaseException().Message : exception.Message;
}
