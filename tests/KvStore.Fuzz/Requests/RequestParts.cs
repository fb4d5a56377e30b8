using System.Text;

namespace KvStore.Fuzz;

/// <summary>
/// A request before it becomes bytes: what mutations work on. Text is Latin-1, so that every byte can be written as a
/// character.
/// </summary>
internal sealed class RequestParts
{
    public string Method { get; set; } = "GET";

    public string Target { get; set; } = "/";

    public string Version { get; set; } = "HTTP/1.1";

    public List<(string Name, string Value)> Headers { get; } = [("Host", "localhost")];

    public string Body { get; set; } = "";

    /// <summary>Whether the body's length is announced; a mutation that announces something else clears it.</summary>
    public bool AnnouncesLength { get; set; } = true;

    /// <summary>The method or the path may have changed, so another operation may answer.</summary>
    public bool ChangesRoute { get; set; }

    /// <summary>The HTTP itself may be broken: the number of answers and the end of the connection are the service's choice.</summary>
    public bool BreaksHttp { get; set; }

    /// <summary>The answer may rightly take long: the request waits for something.</summary>
    public bool Waits { get; set; }

    /// <summary>The answer never ends: a watch.</summary>
    public bool IsStream { get; set; }

    public void Add(string name, string value) => Headers.Add((name, value));

    public void Set(string name, string value)
    {
        Headers.RemoveAll(header => header.Name == name);
        Headers.Add((name, value));
    }

    public void AddQuery(string parameter) => Target += (Target.Contains('?', StringComparison.Ordinal) ? "&" : "?") + parameter;

    public byte[] ToBytes()
    {
        var text = new StringBuilder(Body.Length + 256);
        text.Append(Method).Append(' ').Append(Target).Append(' ').Append(Version).Append("\r\n");
        foreach (var (name, value) in Headers)
            text.Append(name).Append(": ").Append(value).Append("\r\n");
        if (AnnouncesLength && (Body.Length > 0 || Method is "PUT" or "POST" or "PATCH"))
            text.Append("Content-Length: ").Append(Body.Length).Append("\r\n");
        text.Append("\r\n").Append(Body);
        var bytes = new byte[text.Length];
        var at = 0;
        foreach (var chunk in text.GetChunks())
            at += Encoding.Latin1.GetBytes(chunk.Span, bytes.AsSpan(at));
        return bytes;
    }
}
