using System.Text.Json.Serialization;

namespace KvStore.Cli;

/// <summary>A service under a name. Immutable.</summary>
/// <param name="Url">Its address.</param>
/// <param name="Key">The key for it; null for none. Sent to this address only.</param>
internal sealed record Profile(string Url, string? Key = null);

/// <summary>The members of the file of profiles.</summary>
/// <param name="Profiles">The profiles by name.</param>
/// <param name="Current">The name of the profile in use; null for none.</param>
internal sealed record ProfileSet(SortedDictionary<string, Profile> Profiles, string? Current = null);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, WriteIndented = true,
    RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(ProfileSet))]
internal sealed partial class ProfileJson : JsonSerializerContext;
