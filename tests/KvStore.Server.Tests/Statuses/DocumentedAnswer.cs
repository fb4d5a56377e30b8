using System.Globalization;
using System.Text.Json;

namespace KvStore.Server.Tests;

/// <summary>What the OpenAPI document says of one status of one operation.</summary>
/// <param name="MediaTypes">The media types that the body may have; none: there is no body.</param>
/// <param name="Headers">The headers, and whether each is always there.</param>
internal sealed record DocumentedAnswer(IReadOnlySet<string> MediaTypes, IReadOnlyDictionary<string, bool> Headers)
{
    // What any answer of any web server, or of this service, may have, so that no operation speaks of it.
    private static readonly HashSet<string> CommonHeaders = new(StringComparer.OrdinalIgnoreCase)
    {
        "Cache-Control", "Connection", "Content-Length", "Content-Security-Policy", "Content-Type", "Cross-Origin-Resource-Policy", "Date", "KvStore-Store-Id", "Transfer-Encoding", "X-Accel-Buffering", "X-Content-Type-Options",
    };

    /// <summary>Everything in a document, by operation and status.</summary>
    public static Dictionary<(string Operation, int Status), DocumentedAnswer> Read(JsonElement document) =>
        (from path in document.GetProperty("paths").EnumerateObject()
         from operation in path.Value.EnumerateObject()
         from response in operation.Value.GetProperty("responses").EnumerateObject()
         select (Name: ($"{operation.Name.ToUpperInvariant()} {path.Name}", int.Parse(response.Name, CultureInfo.InvariantCulture)), Answer: Of(OpenApiReferences.Resolve(document, response.Value))))
        .ToDictionary(answer => answer.Name, answer => answer.Answer);

    /// <summary>Asserts that an answer is as it is documented.</summary>
    public void Check(Request request, Response answer)
    {
        if (request.Method == "HEAD")
            Assert.True(answer.Body.Length == 0 && MediaTypes.Count == 0, $"A HEAD has no body: {answer}");
        else if (MediaTypes.Count == 0)
            Assert.True(answer.Body.Length == 0, $"No body is documented: {answer}");
        else
            Assert.True(answer.ContentType is { } type && MediaTypes.Contains(type.Split(';')[0]), $"One of {string.Join(", ", MediaTypes)} is documented: {answer}");

        foreach (var (header, isRequired) in Headers)
            Assert.True(!isRequired || answer.Header(header) is not null, $"The documented header {header} is not there: {answer}");
        foreach (var header in answer.Headers.Keys.Where(header => !CommonHeaders.Contains(header)))
            Assert.True(Headers.ContainsKey(header), $"The header {header} is not documented: {answer}");
    }

    private static DocumentedAnswer Of(JsonElement response) => new(
        Members(response, "content").Select(content => content.Name).ToHashSet(StringComparer.Ordinal),
        Members(response, "headers").ToDictionary(header => header.Name, IsRequired, StringComparer.OrdinalIgnoreCase));

    private static bool IsRequired(JsonProperty header) => header.Value.TryGetProperty("required", out var required) && required.GetBoolean();

    private static JsonElement.ObjectEnumerator Members(JsonElement element, string name) => element.TryGetProperty(name, out var member) ? member.EnumerateObject() : default;
}
