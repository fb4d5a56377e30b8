using KvStore.Crdt;

namespace KvStore.Client;

/// <summary>A mergeable value as it was read. Immutable.</summary>
public sealed record KvMergeableValue
{
    private readonly JsonElement _value;

    internal KvMergeableValue(string key, KvRevision revision, VersionVector? version, JsonElement value)
    {
        Key = key;
        Revision = revision;
        Version = version;
        _value = value;
    }

    /// <summary>The key.</summary>
    public string Key { get; }

    /// <summary>The revision of the last change.</summary>
    public KvRevision Revision { get; }

    /// <summary>
    /// What the value includes, for <see cref="KvMergeableValues.EditAsync"/> and <see cref="KvMergeableValues.ChangeAsync"/>; null if it is too long for a header, as with hundreds of
    /// replicas: then use a <see cref="KvMergeableReplica"/>.
    /// </summary>
    public VersionVector? Version { get; }

    /// <summary>The number of a counter.</summary>
    /// <exception cref="InvalidOperationException">It is no counter.</exception>
    public Int128 Number => _value.ValueKind == JsonValueKind.Number ? Int128.Parse(_value.GetRawText(), NumberStyles.Integer, CultureInfo.InvariantCulture) : throw IsOther("counter");

    /// <summary>The elements of a set, in ordinal order.</summary>
    /// <exception cref="InvalidOperationException">It is no set.</exception>
    public IReadOnlyList<string> Elements => _value.ValueKind == JsonValueKind.Array ? [.. _value.EnumerateArray().Select(element => element.GetString()!)] : throw IsOther("set");

    /// <summary>The text.</summary>
    /// <exception cref="InvalidOperationException">It is no text.</exception>
    public string Text => _value.ValueKind == JsonValueKind.String ? _value.GetString()! : throw IsOther("text");

    private static InvalidOperationException IsOther(string type) => new($"The value is no {type}.");
}

/// <summary>The result of a change of a mergeable value.</summary>
/// <param name="Revision">The revision of the value after the change; pass it to <see cref="KvReadOptions.MinRevision"/> to read the change through any replica.</param>
/// <param name="Created">Whether the change made the value.</param>
/// <param name="Version">What the value includes now.</param>
/// <param name="Number">The number of a counter; otherwise null.</param>
public sealed record KvMergeResult(KvRevision Revision, bool Created, VersionVector Version, Int128? Number);

/// <summary>What a replica of a mergeable value lacks. Immutable.</summary>
/// <param name="Revision">The revision of the value.</param>
/// <param name="Type">The type of the value.</param>
/// <param name="Version">What the value includes.</param>
/// <param name="Bytes">A delta or a state for <see cref="CrdtReplica.Merge(ReadOnlySpan{byte})"/>; null if nothing is lacking.</param>
public sealed record KvMergeableDelta(KvRevision Revision, CrdtType Type, VersionVector Version, ReadOnlyMemory<byte>? Bytes)
{
    internal string? Lineage { get; init; }
}
