using System.Buffers.Binary;
using System.Text;
using Google.Protobuf;

namespace KvStore.Etcd;

/// <summary>The value of a record's key: one byte that says what it is, and what belongs to that.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Content">What follows the first byte.</param>
internal readonly record struct RecordEnvelope(RecordKind Kind, ReadOnlyMemory<byte> Content)
{
    /// <summary>The record that takes the place of one whose fate is unknown. It changes nothing.</summary>
    public static ByteString Fence { get; } = ByteString.CopyFrom((byte)RecordKind.Fence);

    /// <summary>The record after which revisions continue far above all that were ever reported.</summary>
    public static ByteString Jump { get; } = ByteString.CopyFrom((byte)RecordKind.Jump);

    /// <summary>The number of parts of a <see cref="RecordKind.Parts"/>.</summary>
    public int PartCount => BinaryPrimitives.ReadInt32LittleEndian(Content.Span);

    /// <summary>The id of the checkpoint of a <see cref="RecordKind.Mark"/>.</summary>
    public string CheckpointId => Encoding.ASCII.GetString(Content.Span);

    /// <summary>A record whose content is here.</summary>
    public static ByteString Whole(ReadOnlySpan<byte> content) => Make(RecordKind.Whole, content);

    /// <summary>A record whose content is in parts.</summary>
    public static ByteString Parts(int count)
    {
        Span<byte> number = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(number, count);
        return Make(RecordKind.Parts, number);
    }

    /// <summary>A record after which all replicas hash their states.</summary>
    public static ByteString Mark(string checkpointId) => Make(RecordKind.Mark, Encoding.ASCII.GetBytes(checkpointId));

    /// <summary>Opens the value of a record's key.</summary>
    /// <exception cref="RecordFormatException">It is of a kind that this version does not know.</exception>
    public static RecordEnvelope Open(ByteString value)
    {
        var kind = value.IsEmpty ? default : (RecordKind)value[0];
        var content = value.IsEmpty ? default : value.Memory[1..];
        return kind switch
        {
            RecordKind.Whole => new(kind, content),
            RecordKind.Parts when content.Length == sizeof(int) && BinaryPrimitives.ReadInt32LittleEndian(content.Span) > 0 => new(kind, content),
            RecordKind.Fence or RecordKind.Jump when content.IsEmpty => new(kind, content),
            RecordKind.Mark when !content.IsEmpty => new(kind, content),
            _ => throw new RecordFormatException($"The log in etcd has a record of the kind {(int)kind}, which this version does not know. Use the version that the other replicas have."),
        };
    }

    private static ByteString Make(RecordKind kind, ReadOnlySpan<byte> content)
    {
        var value = new byte[1 + content.Length];
        value[0] = (byte)kind;
        content.CopyTo(value.AsSpan(1));
        return UnsafeByteOperations.UnsafeWrap(value);
    }
}

/// <summary>What a record is. Numbers are never reused.</summary>
internal enum RecordKind : byte
{
    /// <summary>Transactions, as <see cref="RecordCodec"/> writes them.</summary>
    Whole = 1,

    /// <summary>The same, in parts that were written before.</summary>
    Parts = 2,

    /// <summary>Nothing: it takes the place of a record whose fate was unknown.</summary>
    Fence = 3,

    /// <summary>All replicas hash their states after it, for a checkpoint.</summary>
    Mark = 4,

    /// <summary>Revisions jump (<c>StoreIdentity.RestoreJump</c>), because those that follow may have been reported for commits that are lost.</summary>
    Jump = 5,
}
