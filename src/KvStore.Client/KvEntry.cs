using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace KvStore.Client;

/// <summary>An entry: a key, its value, and what the store knows of it.</summary>
public sealed record KvEntry
{
    /// <summary>The key.</summary>
    public required string Key { get; init; }

    /// <summary>The revision that last wrote the entry; condition your next write on it (<see cref="KvWriteOptions.IfRevision"/>).</summary>
    public required long Revision { get; init; }

    /// <summary>The value's media type.</summary>
    public required string ContentType { get; init; }

    /// <summary>The value, byte for byte; empty when it was not asked for. JSON that comes in a list or a watch may have lost insignificant line breaks.</summary>
    public ReadOnlyMemory<byte> Value { get; init; }

    /// <summary>The value's length in bytes.</summary>
    public long Size { get; init; }

    /// <summary>When the entry is going to be deleted; null when it stays. A read of one entry tells it to the second.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>The revision that created the entry; null where only one entry was read.</summary>
    public long? CreatedRevision { get; init; }

    /// <summary>How many writes the entry has had since it was created; null where only one entry was read.</summary>
    public long? Version { get; init; }

    /// <summary>When the entry was last written; null where only one entry was read.</summary>
    public DateTimeOffset? ModifiedAt { get; init; }

    /// <summary>The value as text in UTF-8.</summary>
    public string Text => Encoding.UTF8.GetString(Value.Span);

    /// <summary>The value as JSON.</summary>
    /// <param name="type">The type, from a source-generated context.</param>
    /// <exception cref="JsonException">The value is not JSON of that type.</exception>
    public T? As<T>(JsonTypeInfo<T> type) => JsonSerializer.Deserialize(Value.Span, type);
}

/// <summary>What a write did.</summary>
/// <param name="Revision">The revision of the write; for reading it through any replica, see <see cref="KvReadOptions.MinRevision"/>.</param>
/// <param name="Created">Whether the key had no entry before.</param>
public readonly record struct KvWriteResult(long Revision, bool Created);
