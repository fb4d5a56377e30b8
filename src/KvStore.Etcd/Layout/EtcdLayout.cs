using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Google.Protobuf;

namespace KvStore.Etcd;

/// <summary>The keys in etcd, all below one prefix. Immutable.</summary>
/// <remarks>
/// What the log consists of lies in one range, from <see cref="Head"/> on, so that one watch has it. A key of a record is
/// <c>log/{hint}/{writer}/{number}</c>, in hexadecimal digits of fixed width; <see cref="LogKey"/> says what that is for.
/// </remarks>
internal sealed class EtcdLayout
{
    private const int HexLength = 16;
    private const int NumberLength = 8;
    private const int PartLength = 4;
    private const int RecordLength = HexLength + 1 + HexLength + 1 + NumberLength;

    private readonly string _prefix;
    private readonly byte[] _records;

    /// <param name="prefix">What all keys start with.</param>
    public EtcdLayout(string prefix)
    {
        _prefix = prefix;
        _records = Encoding.UTF8.GetBytes($"{prefix}log/");
        Store = Of("store");
        Head = Of("log");
        Barrier = Of("log.barrier");
        Nothing = Of("nothing");
        Manifest = Of("log.checkpoint");
        Records = Of("log/");
        LogEnd = Of("log0");
        Checkpoints = Of("checkpoint/");
        Checks = Of("check/");
    }

    /// <summary>Which store this is.</summary>
    public ByteString Store { get; }

    /// <summary>The head: every record writes it, so its version is the number of records.</summary>
    public ByteString Head { get; }

    /// <summary>Written when others write to etcd, so that what this replica has applied does not fall behind a compaction.</summary>
    public ByteString Barrier { get; }

    /// <summary>Never written.</summary>
    public ByteString Nothing { get; }

    /// <summary>Which checkpoints count.</summary>
    public ByteString Manifest { get; }

    /// <summary>The start of all records.</summary>
    public ByteString Records { get; }

    /// <summary>The end of the range that starts with <see cref="Head"/> and has the head, the barrier, the manifest and all records.</summary>
    public ByteString LogEnd { get; }

    /// <summary>The start of the parts of all checkpoints.</summary>
    public ByteString Checkpoints { get; }

    /// <summary>The start of the hashes that replicas found.</summary>
    public ByteString Checks { get; }

    /// <summary>The key of a record.</summary>
    public ByteString Record(RecordId id) => Of(Invariant($"log/{id.Hint:x16}/{id.Writer:x16}/{id.Number:x8}"));

    /// <summary>The key of a part of a large record.</summary>
    public ByteString Part(RecordId id, int part) => Of(Invariant($"log/{id.Hint:x16}/{id.Writer:x16}/{id.Number:x8}.{part:x4}"));

    /// <summary>The first key of a record with a hint at or above this one.</summary>
    public ByteString RecordsFrom(long hint) => Of(Invariant($"log/{hint:x16}"));

    /// <summary>The key of a part of a checkpoint.</summary>
    public ByteString CheckpointPart(string id, int part) => Of(Invariant($"checkpoint/{id}/{part:x8}"));

    /// <summary>The start of the parts of one checkpoint.</summary>
    public ByteString Checkpoint(string id) => Of($"checkpoint/{id}/");

    /// <summary>The id of the checkpoint that a part belongs to.</summary>
    public string CheckpointOf(ByteString key) => Encoding.UTF8.GetString(key.Span[Checkpoints.Length..]).Split('/')[0];

    /// <summary>The hash that a replica found for the state of a checkpoint.</summary>
    public ByteString Check(string id, ulong writer) => Of(Invariant($"check/{id}/{writer:x16}"));

    /// <summary>The start of the hashes for the state of a checkpoint.</summary>
    public ByteString ChecksOf(string id) => Of($"check/{id}/");

    /// <summary>The end of the range of all keys that start with this one.</summary>
    public static ByteString EndOf(ByteString prefix)
    {
        var end = prefix.ToByteArray();
        end[^1]++;
        return UnsafeByteOperations.UnsafeWrap(end);
    }

    /// <summary>What a key of the log's range is.</summary>
    public LogKey Parse(ByteString key)
    {
        if (key == Head)
            return new(LogKeyKind.Head);
        if (key == Manifest)
            return new(LogKeyKind.Manifest);
        return key.Span.StartsWith(_records) && TryParse(key.Span[_records.Length..], out var id, out var part)
            ? new(part < 0 ? LogKeyKind.Record : LogKeyKind.Part, id, part)
            : new(LogKeyKind.Other);
    }

    private static bool TryParse(ReadOnlySpan<byte> text, out RecordId id, out int part)
    {
        id = default;
        part = -1;
        if (text.Length is not (RecordLength or RecordLength + 1 + PartLength) ||
            !TryParseHex(text[..HexLength], out var hint) ||
            !TryParseHex(text.Slice(HexLength + 1, HexLength), out var writer) ||
            !TryParseHex(text.Slice(HexLength + 1 + HexLength + 1, NumberLength), out var number))
            return false;
        id = new((long)hint, writer, (uint)number);
        if (text.Length == RecordLength)
            return true;
        if (!TryParseHex(text[^PartLength..], out var index))
            return false;
        part = (int)index;
        return true;
    }

    private static bool TryParseHex(ReadOnlySpan<byte> digits, out ulong value) => Utf8Parser.TryParse(digits, out value, out var consumed, 'x') && consumed == digits.Length;

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private ByteString Of(string name) => ByteString.CopyFromUtf8(_prefix + name);
}

/// <summary>Names a record before it has a place in the order.</summary>
/// <param name="Hint">etcd's revision up to which the writer had applied the log. The record is newer.</param>
/// <param name="Writer">The writer: a random number for each life of a replica.</param>
/// <param name="Number">Counts the records of the writer.</param>
internal readonly record struct RecordId(long Hint, ulong Writer, uint Number);

/// <summary>What a key of the log's range is.</summary>
/// <param name="Kind">Its kind.</param>
/// <param name="Id">The record that it is, or is a part of.</param>
/// <param name="Part">The number of the part.</param>
internal readonly record struct LogKey(LogKeyKind Kind, RecordId Id = default, int Part = -1);

/// <summary>The kinds of keys of the log's range.</summary>
internal enum LogKeyKind
{
    Head,
    Manifest,
    Record,
    Part,
    Other,
}
