using System.Globalization;
using System.Text;
using System.Text.Json;

namespace KvStore.Testing;

/// <summary>An HTTP response with its whole body, without chunk framing.</summary>
/// <param name="Status">The status.</param>
/// <param name="Headers">The headers by name, in any case.</param>
/// <param name="Body">The body; empty if there is none.</param>
public sealed record Response(int Status, IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    public bool IsSuccess => Status is >= 200 and < 300;

    public string? ETag => Header("ETag");

    public string? ContentType => Header("Content-Type");

    public long? Revision => Header("KvStore-Revision") is { } text ? long.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture) : null;

    public string Text => Encoding.UTF8.GetString(Body);

    public JsonElement Json => JsonDocument.Parse(Body).RootElement;

    public string? Header(string name) => Headers.GetValueOrDefault(name);

    public override string ToString() =>
        $"{Status} {string.Join("; ", Headers.Select(header => $"{header.Key}: {header.Value}"))} | {(Body.Length > 500 ? $"{Body.Length} bytes" : Text)}";

    /// <summary>Asserts the status.</summary>
    public Response Expect(int status)
    {
        if (Status != status)
            Assert.Fail($"{status} was expected: {this}");
        return this;
    }

    /// <summary>Asserts that the response is a problem of this type and about this field.</summary>
    public Response ExpectProblem(int status, string slug, string? field = null)
    {
        Expect(status);
        var problem = Json;
        Assert.Equal("/docs/http-api#" + slug, problem.GetProperty("type").GetString());
        Assert.True(field == (problem.TryGetProperty("field", out var named) ? named.GetString() : null), $"The field {field} was expected: {this}");
        return this;
    }
}
