using KvStore.Crdt;

namespace KvStore.Client;

// What is known of a mergeable value. Events of a watch have no version after the first one.
internal sealed record WireMergeable(long Revision, string Type, string? Version = null, JsonElement Value = default, byte[]? Delta = null, string? Lineage = null)
{
    public VersionVector? VersionOrNull => Version is null ? null : VersionVector.TryParse(Version) ?? throw new FormatException("It has no version of a mergeable value.");

    // A conversion, also that of the literal, would make empty memory of null.
    public ReadOnlyMemory<byte>? Bytes => Delta is null ? default(ReadOnlyMemory<byte>?) : Delta;

    public VersionVector VersionVector => VersionOrNull ?? throw new FormatException("It has no version.");

    public KvMergeResult ToResult(KvRevision state, bool isCreated) =>
        new(state.WithNumber(Revision), isCreated, VersionVector, Value.ValueKind == JsonValueKind.Number ? Int128.Parse(Value.GetRawText(), NumberStyles.Integer, CultureInfo.InvariantCulture) : null);

    public KvMergeableDelta ToDelta(KvRevision state) => new(state.WithNumber(Revision), CrdtTypeNames.Parse(Type), VersionVector, Bytes) { Lineage = Lineage };
}

internal sealed record WireIncrement(long Increment);

internal sealed record WireElements(IReadOnlyCollection<string> Add, IReadOnlyCollection<string> Remove, string? Context);

internal sealed record WireEdits(IReadOnlyList<WireEdit> Edits, string? Base);

internal sealed record WireEdit(int At, string? Insert, int? Delete);

internal sealed record WireReplicaChange(string Replica, string? Version, ReadOnlyMemory<byte>? Delta, string? Lineage);

/// <summary>The types of mergeable values, as the service names them.</summary>
internal static class CrdtTypeNames
{
    private static readonly string[] Names = ["", "g-counter", "pn-counter", "g-set", "or-set", "text"];

    public static string NameOf(CrdtType type) =>
        type is >= CrdtType.GCounter and <= CrdtType.Text ? Names[(int)type] : throw new ArgumentOutOfRangeException(nameof(type));

    public static CrdtType Parse(string name) => Array.IndexOf(Names, name) is var type and > 0 ? (CrdtType)type : throw new FormatException($"This version of the client does not know the type {name}.");
}
