namespace KvStore.Server.Tests;

/// <summary>Requests over a raw connection whose responses are checked against the contract.</summary>
internal static class RawRequests
{
    /// <summary>Sends a request on this connection, which stays open, and reads its response.</summary>
    public static async Task<Response> RequestAsync(this RawConnection connection, string method, string target, string body = "", params string[] headerLines)
    {
        var length = body.Length > 0 || method == "PUT" ? $"Content-Length: {body.Length}\r\n" : "";
        await connection.SendAsync($"{method} {target} HTTP/1.1\r\nHost: localhost\r\n{length}{string.Concat(headerLines.Select(line => line + "\r\n"))}\r\n{body}");
        var response = await connection.ReadAsync(method);
        Contract.Check(method, target, response);
        return response;
    }
}
