using System.Globalization;
using System.Text;
using System.Text.Json;

namespace KvStore.Server.Tests;

/// <summary>An HTTP answer, whole, whichever client read it.</summary>
public sealed record Answer(int Status, IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    public string? ETag => Header("ETag");

    public string? ContentType => Header("Content-Type");

    public long? Revision => Header("KvStore-Revision") is { } text ? long.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture) : null;

    public string Text => Encoding.UTF8.GetString(Body);

    public JsonElement Json => JsonDocument.Parse(Body).RootElement;

    public string? Header(string name) => Headers.GetValueOrDefault(name);

    public override string ToString() =>
        $"{Status} {string.Join("; ", Headers.Select(header => $"{header.Key}: {header.Value}"))} | {(Body.Length > 500 ? $"{Body.Length} bytes" : Text)}";

    /// <summary>Asserts the status, and shows the whole answer when it is another.</summary>
    public Answer Expect(int status)
    {
        if (Status != status)
            Assert.Fail($"{status} was expected: {this}");
        return this;
    }

    /// <summary>Asserts that the answer is this problem, whole and well-formed.</summary>
    public Answer ExpectProblem(int status, string slug, string? field = null)
    {
        Expect(status);
        var problem = Json;
        Assert.Equal("docs/http-api.md#" + slug, problem.GetProperty("type").GetString());
        Assert.True(field == (problem.TryGetProperty("field", out var named) ? named.GetString() : null), $"The field {field} was expected: {this}");
        return this;
    }
}
