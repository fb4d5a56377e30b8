using System.Text.Json.Serialization;

namespace KvStore.Extensions.Locking;

/// <summary>Who holds a lock, or a permit of a semaphore. Immutable.</summary>
/// <param name="Slot">The number of the permit; 0 for a lock.</param>
/// <param name="Description">What the holder says of itself; see <see cref="KvLockOptions.Description"/>.</param>
/// <param name="FencingToken">Its fencing token.</param>
public sealed record KvLockHolder(int Slot, string Description, long FencingToken);

/// <summary>The value of a holder's entry. The id is of one acquisition, so that a holder recognizes its own entry.</summary>
internal sealed record HolderValue(string Id, string Description)
{
    public string ToJson() => JsonSerializer.Serialize(this, LockJson.Default.HolderValue);

    public static HolderValue? Of(KvEntry entry)
    {
        try
        {
            return entry.As(LockJson.Default.HolderValue);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(HolderValue))]
internal sealed partial class LockJson : JsonSerializerContext;
