using System.Buffers.Text;
using KvStore.Crdt;

namespace KvStore.Server;

/// <summary>The body of a client that keeps a replica: what it has done, and what it has.</summary>
/// <param name="Replica">The id of the client's replica; null if it keeps none of its own.</param>
/// <param name="Version">What the client has; null if it does not say.</param>
/// <param name="Delta">The delta or the state; null if the client only asks.</param>
/// <param name="Lineage">Which creation of the value the client has; null if it does not say.</param>
/// <param name="Hub">The store that collects a value that this creates; null for this one.</param>
internal readonly record struct DeltaBody(ReplicaId? Replica, VersionVector? Version, byte[]? Delta, ulong? Lineage, ulong? Hub)
{
    private const string Example = "a JSON object such as {\"replica\": \"0123456789abcdef\", \"version\": \"AAA\", \"delta\": \"AQU...\"}";

    public static Problem? TryParse(ReadOnlySpan<byte> bytes, out DeltaBody body)
    {
        body = default;
        if (TextInput.TryOpen(bytes, Example, out var utf8) is { } problem)
            return problem;
        try
        {
            return TryRead(utf8, out body);
        }
        catch (JsonException)
        {
            return JsonText.NotJson(utf8);
        }
    }

    private static Problem? TryRead(ReadOnlySpan<byte> utf8, out DeltaBody body)
    {
        body = default;
        var reader = new Utf8JsonReader(utf8, JsonText.ReaderOptions);
        var seen = 0;
        ReplicaId? replica = null;
        VersionVector? version = null;
        byte[]? delta = null;
        ulong? lineage = null;
        ulong? hub = null;
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            return Problems.MalformedRequest($"Send {Example}.", "body");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var problem = JsonText.IsOn(ref reader, "replica"u8) ? JsonText.Once(ref seen, 1, "replica") ?? TryReadReplica(ref reader, out replica)
                : JsonText.IsOn(ref reader, "version"u8) ? JsonText.Once(ref seen, 2, "version") ?? VersionText.TryGet(ref reader, "version", out version)
                : JsonText.IsOn(ref reader, "delta"u8) ? JsonText.Once(ref seen, 4, "delta") ?? TryReadDelta(ref reader, out delta)
                : JsonText.IsOn(ref reader, "lineage"u8) ? JsonText.Once(ref seen, 8, "lineage") ?? TryReadNumber(ref reader, "lineage", out lineage)
                : JsonText.IsOn(ref reader, "hub"u8) ? JsonText.Once(ref seen, 16, "hub") ?? TryReadNumber(ref reader, "hub", out hub)
                : JsonText.Unknown(ref reader, "replica, version, delta, lineage, hub");
            if (problem is not null)
                return problem;
        }

        // Throws if anything follows the object.
        reader.Read();
        body = new DeltaBody(replica, version, delta, lineage, hub);
        return version is not null || delta is not null ? null : Problems.MalformedRequest("Give a delta to merge it, your version to get what you lack, or both.", "body");
    }

    private static Problem? TryReadReplica(ref Utf8JsonReader reader, out ReplicaId? replica)
    {
        replica = null;
        reader.Read();
        if (JsonString.TryGet(ref reader, "replica", out var text) is { } problem)
            return problem;
        var isId = ReplicaId.TryParse(Encoding.UTF8.GetString(text.Utf8), out var id);
        replica = id;
        return isId ? null : Problems.MalformedRequest("Give the id of your replica, 16 hexadecimal digits.", "replica");
    }

    private static Problem? TryReadNumber(ref Utf8JsonReader reader, string name, out ulong? number)
    {
        number = null;
        reader.Read();
        if (JsonString.TryGet(ref reader, name, out var text) is { } problem)
            return problem;
        if (text.Utf8.Length != 2 * sizeof(ulong) || !ulong.TryParse(text.Utf8, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value))
            return Problems.MalformedRequest("Give 16 hexadecimal digits, as an answer had them.", name);
        number = value;
        return null;
    }

    private static Problem? TryReadDelta(ref Utf8JsonReader reader, out byte[]? delta)
    {
        delta = null;
        reader.Read();
        if (JsonString.TryGet(ref reader, "delta", out var text) is { } problem)
            return problem;
        var bytes = new byte[Base64.GetMaxDecodedFromUtf8Length(text.Utf8.Length)];
        if (text.Utf8.Length % 4 != 0 || text.Utf8.ContainsAny(" \t\r\n"u8) || Base64.DecodeFromUtf8(text.Utf8, bytes, out _, out var written) != OperationStatus.Done)
            return Problems.MalformedRequest("Give base64 (RFC 4648, section 4) with its padding and without white space.", "delta");
        delta = bytes[..written];
        return null;
    }
}
