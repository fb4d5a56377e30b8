using System.Text;

namespace KvStore.Fuzz;

/// <summary>Requests as text, for sequences and attacks whose requests are always valid.</summary>
internal static class Texts
{
    public static readonly string Mebibyte = new('v', 1 << 20);

    public static string Get(string target) => $"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n";

    public static string Put(string key, string value, string contentType = "text/plain") =>
        $"PUT /v1/kv/{key} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {contentType}\r\nContent-Length: {value.Length}\r\n\r\n{value}";

    public static string SetLifetime(string key, int seconds) => $"PATCH /v1/kv/{key}?ttl={seconds} HTTP/1.1\r\nHost: localhost\r\n\r\n";

    public static string MergePatch(string key, string patch) =>
        $"PATCH /v1/kv/{key} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/merge-patch+json\r\nContent-Length: {patch.Length}\r\n\r\n{patch}";

    public static string Post(string target, string body, string headers = "", string contentType = "application/json") =>
        $"POST {target} HTTP/1.1\r\nHost: localhost\r\n{headers}Content-Type: {contentType}\r\nContent-Length: {body.Length}\r\n\r\n{body}";

    public static string Transaction(IEnumerable<string> operations, string headers = "") => Post("/v1/txn", $"{{\"operations\":[{string.Join(',', operations)}]}}", headers);

    public static string Move(string from, string to) => $"{{\"move\":{{\"from\":\"{from}\",\"to\":\"{to}\"}}}}";

    /// <summary>JSON of 878 KB with many members, so that parsing it costs what it can cost.</summary>
    public static string LargeJson()
    {
        const int Members = 40_000;
        var text = new StringBuilder("{");
        for (var i = 0; i < Members; i++)
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"\"member{i:D6}\":{i % 10},");
        return text.Append("\"last\":0}").ToString();
    }
}
