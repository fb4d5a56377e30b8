using KvStore.Crdt;

namespace KvStore.Server;

/// <summary>What is answered, or sent to a watcher, of a mergeable value: a revision, its type and version, its number, and a delta.</summary>
internal readonly record struct MergeAnswer(long Revision)
{
    /// <summary>The type; null if the value is not there any more.</summary>
    public CrdtType? Type { get; init; }

    /// <summary>The version as text; null if it is not said.</summary>
    public string? Version { get; init; }

    /// <summary>The number of a counter.</summary>
    public Int128? Number { get; init; }

    /// <summary>Which creation of the value it is; null if it is not said.</summary>
    public ulong? Lineage { get; init; }

    /// <summary>The store that collects; null if it is not said.</summary>
    public ulong? Hub { get; init; }

    /// <summary>The delta; null if there is none.</summary>
    public ReadOnlyMemory<byte>? Delta { get; init; }

    /// <summary>Writes it as a JSON object, piece by piece: where it yields, what is written can be sent.</summary>
    public IEnumerable<JsonTarget> WriteTo(JsonTarget target)
    {
        target.Json.WriteStartObject();
        foreach (var piece in WriteMembersTo(target))
            yield return piece;
        target.Json.WriteEndObject();
        yield return target;
    }

    /// <summary>The same without its braces.</summary>
    public IEnumerable<JsonTarget> WriteMembersTo(JsonTarget target)
    {
        var json = target.Json;
        json.WriteNumber("revision"u8, Revision);
        if (Type is { } type)
            json.WriteString("type"u8, CrdtTypeText.Of(type));
        if (Version is not null)
            json.WriteString("version"u8, Version);
        if (Lineage is { } lineage)
            json.WriteString("lineage"u8, lineage.ToString("x16", CultureInfo.InvariantCulture));
        if (Hub is { } hub)
            json.WriteString("hub"u8, hub.ToString("x16", CultureInfo.InvariantCulture));
        if (Number is { } number)
        {
            json.WritePropertyName("value"u8);
            json.WriteRawValue(number.ToString(CultureInfo.InvariantCulture), skipInputValidation: true);
        }

        if (Delta is not { } rest)
            yield break;
        json.WritePropertyName("delta"u8);
        do
        {
            var piece = rest[..Math.Min(rest.Length, JsonValue.PieceBytes)];
            rest = rest[piece.Length..];
            json.WriteBase64StringSegment(piece.Span, rest.IsEmpty);
            yield return target;
        }
        while (rest.Length > 0);
    }
}
