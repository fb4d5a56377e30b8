using System.Text.Json;

namespace KvStore.Server.Tests;

/// <summary>References within the OpenAPI document.</summary>
internal static class OpenApiReferences
{
    /// <summary>What an element refers to, or the element if it is no reference.</summary>
    public static JsonElement Resolve(JsonElement document, JsonElement element) =>
        element.TryGetProperty("$ref", out var reference) ? Find(document, reference.GetString()!) : element;

    public static JsonElement Find(JsonElement document, string reference)
    {
        foreach (var part in reference.Split('/').Skip(1))
            Assert.True(document.TryGetProperty(part, out document), reference);
        return document;
    }
}
