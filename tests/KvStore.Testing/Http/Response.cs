using System.Text;
using System.Text.Json;

namespace KvStore.Testing;

/// <summary>An answer as it stood on the wire; the body without its chunk framing.</summary>
internal sealed record RawResponse(int Status, IReadOnlyList<(string Name, string Value)> Headers, byte[] Body)
{
    public string Text => Encoding.UTF8.GetString(Body);

    public long Revision => long.Parse(Header("KvStore-Revision") ?? "-1", System.Globalization.CultureInfo.InvariantCulture);

    public string? ETag => Header("ETag");

    public bool IsSuccess => Status is >= 200 and < 300;

    /// <summary>The only header of that name; null if there is none.</summary>
    public string? Header(string name) =>
        Headers.Where(header => header.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(header => header.Value).SingleOrDefault();

    public JsonElement Json() => JsonDocument.Parse(Body).RootElement;

    public override string ToString() =>
        $"{Status} {string.Join(", ", Headers.Select(header => $"{header.Name}: {header.Value}"))}\n{Text}";
}
