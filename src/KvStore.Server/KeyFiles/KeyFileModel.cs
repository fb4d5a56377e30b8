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

    /// <summary>Null only if it is absent, which means all keys: a null that a template left there is not acceptable. No init, which the serializer would call for an absent member, too.</summary>
    public IReadOnlyList<string?>? Prefixes { get; set => field = value ?? []; }

    /// <summary>Null only if it is absent, which means forever.</summary>
    public string? Expires { get; set => field = value ?? ""; }

    public Quotas? Quotas { get; init; }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, AllowDuplicateProperties = false,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, WriteIndented = true)]
[JsonSerializable(typeof(KeyFileModel))]
internal sealed partial class KeyFileJson : JsonSerializerContext;
