using System.Text.Json.Serialization;

namespace KvStore.Server;

/// <summary>The members of a key file, as they are written. <see cref="KeyFile"/> checks them.</summary>
internal sealed record KeyFileModel
{
    public IReadOnlyList<KeyModel>? Keys { get; init; }
}

/// <summary>The members of one key in a key file.</summary>
internal sealed record KeyModel
{
    public string? Name { get; init; }

    public string? Hash { get; init; }

    public IReadOnlyList<string?>? Rights { get; init; }

    public IReadOnlyList<string?>? Prefixes { get; init; }

    public string? Expires { get; init; }

    public Quotas? Quotas { get; init; }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, AllowDuplicateProperties = false,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, WriteIndented = true)]
[JsonSerializable(typeof(KeyFileModel))]
internal sealed partial class KeyFileJson : JsonSerializerContext;
