using System.Text;

namespace KvStore.SystemTests;

/// <summary>
/// A request before it becomes bytes: what mutations work on. Text is Latin-1, so that every byte can be written as a
/// character.
/// </summary>
internal sealed class RequestParts
{
    public string Method { get; set; } = "GET";

    public string Target { get; set; } = "/";

    public string Version { get; set; } = "HTTP/1.1";

    public string LineEnd { get; set; } = "\r\n";

    public List<(string Name, string Value)> Headers { get; } = [("Host", "x"), ("Connection", "close")];

    public string Body { get; set; } = "";

    /// <summary>Whether the body's length is announced; a mutation that announces something else clears it.</summary>
    public bool AnnouncesLength { get; set; } = true;

    /// <summary>The HTTP itself is broken: the web server answers before the service sees a request, without a body.</summary>
    public bool BreaksHttp { get; set; }

    /// <summary>Less is sent than announced: the service rightly waits for more, so there is nothing to wait for.</summary>
    public bool IsIncomplete { get; set; }

    public void Add(string name, string value) => Headers.Add((name, value));

    public void Set(string name, string value)
    {
        Headers.RemoveAll(header => header.Name == name);
        Headers.Add((name, value));
    }

    public byte[] ToBytes()
    {
        var text = new StringBuilder();
        text.Append(Method).Append(' ').Append(Target).Append(' ').Append(Version).Append(LineEnd);
        foreach (var (name, value) in Headers)
            text.Append(name).Append(": ").Append(value).Append(LineEnd);
        if (AnnouncesLength && Body.Length > 0)
            text.Append("Content-Length: ").Append(Body.Length).Append(LineEnd);
        text.Append(LineEnd).Append(Body);
        return Encoding.Latin1.GetBytes(text.ToString());
    }
}
