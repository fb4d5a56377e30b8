using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace KvStore.SystemTests.Malformed;

/// <summary>
/// What the web server refuses by itself, before the service sees a request. It then answers with a status and no body and
/// closes the connection; these are all the refusals that may have no problem document.
/// </summary>
internal static partial class WebServerRules
{
    private const int RequestLineBytesMax = 8 * 1024;
    private const int HeadersBytesMax = 32 * 1024;
    private const int HeadersMax = 100;

    /// <summary>The rule that a request breaks, or null if the service sees it.</summary>
    public static string? Breaks(byte[] request)
    {
        var text = Encoding.Latin1.GetString(request);
        var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        var lines = (end < 0 ? text : text[..end]).Split("\r\n");
        return RequestLine(lines[0]) ?? Headers(lines[1..]) ?? Host(lines);
    }

    private static string? RequestLine(string line)
    {
        if (line.Length > RequestLineBytesMax)
            return "a request line that is too long (414)";
        if (RequestLinePattern().Match(line) is not { Success: true } match)
            return "a request line that is none, or a target with a byte that is not printable ASCII";
        var (method, target) = (match.Groups["method"].Value, match.Groups["target"].Value);
        if (target.Split('?')[0].Contains("%00", StringComparison.Ordinal))
            return "a zero byte in the path";
        if (method == "CONNECT" || target == "*" && method != "OPTIONS")
            return "a form of target that is not for the method (400, 405)";
        return target[0] == '/' || target == "*" || AbsoluteForm().IsMatch(target) ? null : "a form of target that HTTP does not have";
    }

    private static string? Headers(string[] lines)
    {
        if (lines.Length > HeadersMax || lines.Sum(line => line.Length + 2) > HeadersBytesMax)
            return "headers that are too many or too large (431)";
        foreach (var line in lines)
        {
            if (HeaderPattern().Match(line) is not { Success: true } match)
                return "a header line that is none";
            var (name, value) = (match.Groups["name"].Value, match.Groups["value"].Value);
            if (!System.Text.Unicode.Utf8.IsValid(Encoding.Latin1.GetBytes(value)))
                return "a header value that is not UTF-8";
            if (Is(name, "Content-Length") && !(long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out _)))
                return "a length that is no number";
            if (Is(name, "Transfer-Encoding") && !value.Trim().EndsWith("chunked", StringComparison.OrdinalIgnoreCase) || Is(name, "Transfer-Encoding") && value.Contains('x', StringComparison.Ordinal))
                return "a body whose end cannot be known";
        }

        return lines.Count(line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase)) > 1 ? "several lengths" : null;
    }

    private static string? Host(string[] lines)
    {
        var hosts = lines.Where(line => line.StartsWith("Host:", StringComparison.OrdinalIgnoreCase)).Select(line => line["Host:".Length..].Trim()).ToArray();
        if (hosts.Length != 1 && !(hosts.Length == 0 && lines[0].EndsWith("HTTP/1.0", StringComparison.Ordinal)))
            return "no host, or several";
        if (hosts.Length == 1 && !HostPattern().IsMatch(hosts[0]))
            return "a host that is none";
        return AbsoluteForm().Match(lines[0].Split(' ')[1]) is { Success: true } match && hosts.Length == 1 && match.Groups["host"].Value != hosts[0]
            ? "a host other than the target's"
            : null;
    }

    private static bool Is(string name, string other) => name.Equals(other, StringComparison.OrdinalIgnoreCase);

    [GeneratedRegex(@"\A(?<method>[!#$%&'*+.^_`|~0-9A-Za-z-]+) (?<target>[!-~]+) HTTP/1\.[01]\z")]
    private static partial Regex RequestLinePattern();

    [GeneratedRegex(@"\A(?<name>[!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(?<value>[^\0\r\n]*)\z")]
    private static partial Regex HeaderPattern();

    [GeneratedRegex(@"\Ahttps?://(?<host>[^/?]+)")]
    private static partial Regex AbsoluteForm();

    [GeneratedRegex(@"\A[A-Za-z0-9.-]*(:[0-9]{1,5})?\z")]
    private static partial Regex HostPattern();
}
