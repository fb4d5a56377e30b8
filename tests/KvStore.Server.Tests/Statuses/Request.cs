using System.Collections.Immutable;
using System.Text;

namespace KvStore.Server.Tests;

/// <summary>A request for an operation of the OpenAPI document, as it goes over the wire.</summary>
/// <param name="Operation">The operation: its method, and its path as the document has it.</param>
/// <param name="Target">The request's own target.</param>
internal sealed record Request(string Operation, string Target)
{
    public string Method { get; } = Operation.Split(' ')[0];

    public ImmutableArray<string> Headers { get; init; } = ["Host: localhost"];

    public string Body { get; init; } = "";

    /// <summary>What Content-Length says; null: how long the body is.</summary>
    public int? AnnouncedBytes { get; init; }

    /// <summary>Whether the line is missing that ends the headers.</summary>
    public bool IsUnfinished { get; init; }

    /// <summary>With a body of this media type.</summary>
    public Request WithBody(string contentType, string body) =>
        this with { Headers = [.. Headers.Where(header => !header.StartsWith("Content-Type:", StringComparison.Ordinal)), "Content-Type: " + contentType], Body = body };

    public Request With(string header) => this with { Headers = Headers.Add(header) };

    public Request WithQuery(string parameter) => this with { Target = Target + (Target.Contains('?', StringComparison.Ordinal) ? '&' : '?') + parameter };

    public Request At(string target) => this with { Target = target };

    /// <summary>Sends it over a connection of its own and reads the answer.</summary>
    public async Task<Response> SendAsync(KvServer server)
    {
        using var raw = await server.ConnectAsync();
        var length = AnnouncedBytes ?? Body.Length;
        var lengthLine = length > 0 || Method == "PUT" ? $"Content-Length: {length}\r\n" : "";
        await raw.SendAsync($"{Method} {Target} HTTP/1.1\r\n{string.Concat(Headers.Select(header => header + "\r\n"))}{lengthLine}{(IsUnfinished ? "" : "\r\n")}{Body}");

        // The body of an event stream has no end.
        var answer = await raw.ReadHeadAsync();
        if (answer.ContentType != "text/event-stream")
            answer = await raw.ReadBodyAsync(answer, Method);
        if (Method != "HEAD" || answer.Status == 414)
            return answer;

        // All that comes after the head of an answer to HEAD would be its body. A request line that is too long was not read, so
        // that the web server does not know what the method is, and sends a body to everybody.
        return answer with { Body = Encoding.Latin1.GetBytes(await raw.EndAsync()) };
    }
}
