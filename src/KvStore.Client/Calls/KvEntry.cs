using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization.Metadata;

namespace KvStore.Client;

/// <summary>An entry: a key, its value and its metadata. Immutable.</summary>
public sealed record KvEntry
{
    private readonly ReadOnlyMemory<byte>? _value;

    /// <summary>The key.</summary>
    public required string Key { get; init; }

    /// <summary>The revision of the last write; pass it to <see cref="KvWriteOptions.IfRevision"/> to replace only what you have read.</summary>
    public required KvRevision Revision { get; init; }

    /// <summary>The media type of the value.</summary>
    public required string ContentType { get; init; }

    /// <summary>Whether the entry has its value. It has none if it comes from a listing or a watch without values.</summary>
    public bool HasValue => _value is not null;

    /// <summary>The value, byte for byte. JSON from a listing or a watch may have lost insignificant line breaks.</summary>
    /// <exception cref="InvalidOperationException">The value was not requested; see <see cref="HasValue"/>.</exception>
    public ReadOnlyMemory<byte> Value
    {
        get => _value ?? throw new InvalidOperationException(
            "The value was not requested. Pass withValues: true to ListAsync, or leave KvWatchOptions.WithValues at true, or read the entry with GetAsync.");
        init => _value = value;
    }

    /// <summary>The length of the value in bytes.</summary>
    public long Size { get; init; }

    /// <summary>When the entry expires; null if never. To the second when one entry was read, otherwise to the millisecond.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>
    /// What was left until the expiry when the entry was read, by the clock of the service, rounded up by 2 seconds at most; null if it does not expire, and if it comes from a listing, a watch or a
    /// batch. However wrong the clock of this machine is.
    /// </summary>
    public TimeSpan? TimeToLive { get; init; }

    /// <summary>The revision that created the entry; null if <see cref="KvStoreClient.GetAsync"/> read it.</summary>
    public long? CreatedRevision { get; init; }

    /// <summary>The number of writes since the entry was created; null if <see cref="KvStoreClient.GetAsync"/> read it.</summary>
    public long? Version { get; init; }

    /// <summary>When the entry was last written; null if <see cref="KvStoreClient.GetAsync"/> read it.</summary>
    public DateTimeOffset? ModifiedAt { get; init; }

    /// <summary>How the read was answered, if the entry comes from an origin and <see cref="KvStoreClient.GetAsync"/> read it; otherwise null.</summary>
    public KvCacheStatus? Cache { get; init; }

    /// <summary>The value as text in UTF-8. Bytes that are not UTF-8 become U+FFFD.</summary>
    /// <exception cref="InvalidOperationException">The value was not requested; see <see cref="HasValue"/>.</exception>
    public string Text => Encoding.UTF8.GetString(Value.Span);

    /// <summary>The value as JSON.</summary>
    /// <param name="type">The type, from a source-generated context.</param>
    /// <exception cref="JsonException">The value is not JSON of that type.</exception>
    /// <exception cref="InvalidOperationException">The value was not requested; see <see cref="HasValue"/>.</exception>
    public T? As<T>(JsonTypeInfo<T> type) => JsonSerializer.Deserialize(Value.Span, type);

    /// <summary>The value as JSON, by reflection: not for programs that are trimmed or native.</summary>
    /// <param name="options">How to read it; null for <see cref="JsonSerializerOptions.Web"/>: camel case, and names in any case.</param>
    /// <exception cref="JsonException">The value is not JSON of that type.</exception>
    /// <exception cref="InvalidOperationException">The value was not requested; see <see cref="HasValue"/>.</exception>
    [RequiresUnreferencedCode(JsonByReflection.Unreferenced)]
    [RequiresDynamicCode(JsonByReflection.Dynamic)]
    public T? As<T>(JsonSerializerOptions? options) => JsonSerializer.Deserialize<T>(Value.Span, options ?? JsonSerializerOptions.Web);

    /// <inheritdoc cref="As{T}(JsonSerializerOptions?)"/>
    [RequiresUnreferencedCode(JsonByReflection.Unreferenced)]
    [RequiresDynamicCode(JsonByReflection.Dynamic)]
    public T? As<T>() => As<T>(JsonSerializerOptions.Web);

    /// <summary>The key and metadata, without the value.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{nameof(KvEntry)} {{ {nameof(Key)} = {Key}, {nameof(Revision)} = {Revision}, {nameof(ContentType)} = {ContentType}, {nameof(Size)} = {Size} }}");
}

/// <summary>The result of a write.</summary>
/// <param name="Revision">The revision of the write; pass it to <see cref="KvReadOptions.MinRevision"/> to read the write through any replica.</param>
/// <param name="Created">Whether the key had no entry before.</param>
public readonly record struct KvWriteResult(KvRevision Revision, bool Created);

/// <summary>Some of the entries that a read asked for, with what became of those that had to be loaded from origins. Immutable.</summary>
/// <param name="Revision">The revision of the state that was read.</param>
/// <param name="Entries">The existing entries by key.</param>
/// <param name="Rest">The keys without one.</param>
public sealed record KvBatch(KvRevision Revision, IReadOnlyDictionary<string, KvEntry> Entries, KvBatchRest Rest);

/// <summary>The keys of a read without an entry. Immutable.</summary>
/// <param name="Missing">Keys that have none.</param>
/// <param name="Pending">Keys that are still being loaded, and will be stored.</param>
/// <param name="Errors">Keys that could not be loaded.</param>
public sealed record KvBatchRest(IReadOnlyList<string> Missing, IReadOnlyList<string> Pending, IReadOnlyList<KvLoadError> Errors);

/// <summary>Why a key could not be loaded.</summary>
/// <param name="Key">The key.</param>
/// <param name="Problem">The stable name of the problem, such as <c>origin-timeout</c>.</param>
/// <param name="Detail">The same as a sentence.</param>
public sealed record KvLoadError(string Key, string Problem, string Detail);

/// <summary>A part of a read that is streamed: one of the nested types.</summary>
public abstract record KvBatchPart
{
    private KvBatchPart()
    {
    }

    /// <summary>An entry.</summary>
    /// <param name="Value">The entry.</param>
    public sealed record Entry(KvEntry Value) : KvBatchPart;

    /// <summary>The keys without one. The last part.</summary>
    /// <param name="Rest">The keys.</param>
    public sealed record Ended(KvBatchRest Rest) : KvBatchPart;
}

/// <summary>What became of keys that were to be loaded.</summary>
/// <param name="Begun">Keys whose load has begun, or was in progress.</param>
/// <param name="Refused">Keys that are not loaded now, because too many wait or the origin is not called.</param>
public readonly record struct KvLoadsBegun(int Begun, int Refused);
