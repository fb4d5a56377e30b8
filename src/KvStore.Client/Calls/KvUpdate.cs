using System.Text.Json.Serialization.Metadata;

namespace KvStore.Client;

/// <summary>What to do with an entry that was read, for <see cref="KvStoreClientExtensions.UpdateAsync(IKvStoreClient, string, Func{KvEntry?, KvUpdate}, KvUpdateOptions?, CancellationToken)"/>. Immutable.</summary>
public sealed class KvUpdate
{
    private KvUpdate(KvUpdateKind kind, ReadOnlyMemory<byte> value = default, string contentType = "", TimeSpan? timeToLive = null) =>
        (Kind, Value, ContentType, TimeToLive) = (kind, value, contentType, timeToLive);

    /// <summary>Leave the entry, or its absence, as it is.</summary>
    public static KvUpdate Keep { get; } = new(KvUpdateKind.Keep);

    /// <summary>Delete the entry.</summary>
    public static KvUpdate Delete { get; } = new(KvUpdateKind.Delete);

    internal KvUpdateKind Kind { get; }

    internal ReadOnlyMemory<byte> Value { get; }

    internal string ContentType { get; }

    internal TimeSpan? TimeToLive { get; }

    /// <summary>Store a value.</summary>
    /// <param name="value">The value; do not modify it before the update has ended.</param>
    /// <param name="contentType">The media type of the value.</param>
    /// <param name="timeToLive">How long until the entry expires; null for never, also if it had an expiry.</param>
    public static KvUpdate Put(ReadOnlyMemory<byte> value, string contentType = "application/octet-stream", TimeSpan? timeToLive = null) =>
        new(KvUpdateKind.Put, value, Arguments.ContentType(contentType), timeToLive);

    /// <summary>Store text, as <c>text/plain; charset=utf-8</c>.</summary>
    /// <param name="value">The text.</param>
    /// <param name="timeToLive">How long until the entry expires; null for never, also if it had an expiry.</param>
    public static KvUpdate Put(string value, TimeSpan? timeToLive = null) => new(KvUpdateKind.Put, Arguments.Encode(value), "text/plain; charset=utf-8", timeToLive);

    /// <summary>Store an object as JSON.</summary>
    /// <param name="value">The object.</param>
    /// <param name="type">Its type, from a source-generated context.</param>
    /// <param name="timeToLive">How long until the entry expires; null for never, also if it had an expiry.</param>
    public static KvUpdate PutJson<T>(T value, JsonTypeInfo<T> type, TimeSpan? timeToLive = null) =>
        new(KvUpdateKind.Put, JsonSerializer.SerializeToUtf8Bytes(value, type), "application/json", timeToLive);
}

internal enum KvUpdateKind
{
    Keep,
    Put,
    Delete,
}

/// <summary>How often an update is tried. Immutable.</summary>
public sealed record KvUpdateOptions
{
    /// <summary>The number of attempts, each of which reads the entry and writes it on the condition that it is unchanged. Then the last <see cref="KvPreconditionFailedException"/> is thrown. Default 20.</summary>
    public int AttemptsMax { get; init; } = 20;

    /// <summary>The longest delay before the second attempt; it doubles with each further one. The delay is random, from 0 on, so that writers in conflict spread out. Default 5 ms.</summary>
    public TimeSpan Delay { get; init; } = TimeSpan.FromMilliseconds(5);

    /// <summary>What the delay grows to at most. Default 500 ms.</summary>
    public TimeSpan DelayMax { get; init; } = TimeSpan.FromMilliseconds(500);

    internal TimeSpan DelayAfter(int attempt)
    {
        var bound = Delay * Math.Pow(2, Math.Min(attempt - 1, 20));
        return (bound < DelayMax ? bound : DelayMax) * Random.Shared.NextDouble();
    }
}

/// <summary>What an update ended with.</summary>
/// <param name="Revision">The revision of the write or of the deletion; without one, that of the entry that was kept; null if there is none.</param>
/// <param name="HasChanged">Whether something was written or deleted.</param>
/// <param name="Attempts">The number of attempts; more than 1 after conflicts.</param>
public readonly record struct KvUpdateResult(KvRevision? Revision, bool HasChanged, int Attempts);
