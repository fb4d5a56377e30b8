using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace KvStore.Mergeable;

/// <summary>What readers get of a replica.</summary>
internal static class Reading
{
    private static readonly JsonWriterOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Reads a value; null if a delta is asked for and what it needs was collected.</summary>
    public static MergeableRead? Read(DecodedValue value, VersionVector? since, MergeableForm form)
    {
        var version = value.Replica.Version;
        ReadOnlyMemory<byte>? bytes = form switch
        {
            MergeableForm.Json => ToJson(value.Replica),
            MergeableForm.Text => ToText(value.Replica),
            _ => null,
        };
        if (form == MergeableForm.Delta && (since is null || !HasAll(since, version)))
        {
            if ((since is null ? value.Replica.Encode() : value.Replica.DeltaSince(since)) is not { } delta)
                return null;
            bytes = delta;
        }

        return new MergeableRead(value.Replica.Type, version, bytes) { Hub = value.Hub, Lineage = value.Replica.Lineage, Number = NumberOf(value.Replica) };
    }

    /// <summary>Whether a reader at a version lacks nothing.</summary>
    public static bool HasAll(VersionVector since, VersionVector version) => since.Epoch >= version.Epoch && since.Covers(version);

    /// <summary>The number of a counter.</summary>
    public static Int128? NumberOf(CrdtReplica replica) => (replica as CounterReplica)?.Value;

    private static ReadOnlyMemory<byte>? ToText(CrdtReplica replica) => replica switch
    {
        CounterReplica counter => Encoding.ASCII.GetBytes(counter.Value.ToString(CultureInfo.InvariantCulture)),
        TextReplica text => Encoding.UTF8.GetBytes(text.GetText()),
        _ => (ReadOnlyMemory<byte>?)null,
    };

    private static ReadOnlyMemory<byte>? ToJson(CrdtReplica replica)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(buffer, Json);
        switch (replica)
        {
            case CounterReplica counter:
                writer.WriteRawValue(counter.Value.ToString(CultureInfo.InvariantCulture));
                break;
            case SetReplica set:
                writer.WriteStartArray();
                foreach (var element in set.Elements)
                    writer.WriteStringValue(element);
                writer.WriteEndArray();
                break;
            case TextReplica text:
                writer.WriteStringValue(text.GetText());
                break;
        }

        writer.Flush();
        return buffer.WrittenMemory;
    }
}
