using System.Text;

namespace KvStore.Client.Tests;

/// <summary>Answers of a service, as bytes.</summary>
internal static class Answers
{
    public const string Store = "00000000000000aa";
    public const string OtherStore = "00000000000000bb";

    private const string Closing = "Connection: close\r\n";

    /// <summary>An answer of KvStore.</summary>
    public static string Of(int status, string body = "", long revision = 7, string contentType = "application/json", string store = Store, string headers = "") =>
        Raw(status, body, contentType, $"KvStore-Revision: {revision}\r\nKvStore-Store-Id: {store}\r\n{headers}");

    public static string Entry(string value, long revision = 7, string contentType = "text/plain; charset=utf-8") => Of(200, value, revision, contentType, headers: $"ETag: \"{revision}\"\r\n");

    public static string Written(long revision = 7, int status = 204) => Of(status, "", revision, headers: $"ETag: \"{revision}\"\r\n");

    public static string Problem(int status, string name, string? outcome = null, string headers = "") => Raw(
        status,
        $$"""{"type":"/docs/http-api#{{name}}","title":"A title","status":{{status}},"detail":"A detail."{{(outcome is null ? "" : $",\"outcome\":\"{outcome}\"")}}}""",
        "application/problem+json", headers);

    /// <summary>An answer of something else on the way, such as a proxy or a login page.</summary>
    public static string Html(int status, string headers = "") => Raw(status, "<html>Hello</html>", "text/html", headers);

    public static string Stream(string events, long revision = 7, string store = Store) =>
        $"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nKvStore-Revision: {revision}\r\nKvStore-Store-Id: {store}\r\nTransfer-Encoding: chunked\r\n\r\n{Chunk(": watching\n\n" + events)}";

    /// <summary>The answer without the word that the connection is closed after it.</summary>
    public static string KeepingAlive(string answer) => answer.Replace(Closing, "", StringComparison.Ordinal);

    public static string Chunk(string text) => $"{Encoding.UTF8.GetByteCount(text):x}\r\n{text}\r\n";

    public static string Event(string type, string data) => $"event: {type}\ndata: {data}\n\n";

    public static string Raw(int status, string body, string contentType, string headers) =>
        $"HTTP/1.1 {status} Status\r\n{Closing}{(status == 204 ? "" : $"Content-Length: {Encoding.UTF8.GetByteCount(body)}\r\nContent-Type: {contentType}\r\n")}{headers}\r\n{body}";
}
