using System.Buffers.Binary;
using System.Text;

namespace KvStore.Storage.Tests;

/// <summary>The fields of a record, which may be anything.</summary>
internal sealed record ForgedRecord
{
    public RecordFlags Flags { get; init; } = RecordFlags.LastOfCommit;

    public long Revision { get; init; } = 1;

    public byte[] Key { get; init; } = "key"u8.ToArray();

    public long Age { get; init; }

    public long Version { get; init; } = 1;

    public long ModifiedAt { get; init; }

    public long ExpiresAt { get; init; }

    public string ContentType { get; init; } = "text/plain";

    public byte[] Value { get; init; } = "value"u8.ToArray();

    /// <summary>What follows the checksum.</summary>
    public byte[] Encode()
    {
        using var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes, Encoding.Latin1);
        writer.Write((byte)Flags);
        writer.Write(Revision);
        writer.Write7BitEncodedInt64(Key.Length);
        if (!Flags.HasFlag(RecordFlags.Delete))
        {
            writer.Write7BitEncodedInt64(Age);
            writer.Write7BitEncodedInt64(Version);
            writer.Write(ModifiedAt);
            if (Flags.HasFlag(RecordFlags.Expires))
                writer.Write(ExpiresAt);
            if ((Flags & (RecordFlags.SameValue | RecordFlags.Extends)) == 0)
                writer.Write7BitEncodedInt64(ContentType.Length);
        }

        writer.Write(Key);
        if ((Flags & (RecordFlags.Delete | RecordFlags.SameValue | RecordFlags.Extends)) == 0)
            writer.Write(Encoding.Latin1.GetBytes(ContentType));
        if ((Flags & (RecordFlags.Delete | RecordFlags.SameValue)) == 0)
            writer.Write(Value);

        writer.Flush();
        return bytes.ToArray();
    }
}

/// <summary>Segments and checkpoints with right checksums, whatever is in them.</summary>
internal static class ForgedFiles
{
    /// <summary>The store of the files.</summary>
    public static readonly StoreId Store = new(0x0123456789ABCDEF);

    /// <summary>A segment from revision 1 with one frame.</summary>
    /// <param name="records">What follows the checksum of each record.</param>
    /// <param name="forge">Changes the header of the frame.</param>
    /// <param name="format">The format of the segment.</param>
    public static byte[] Segment(IReadOnlyList<byte[]> records, Func<FrameHeader, FrameHeader> forge, uint format = FileHeader.CurrentFormat)
    {
        var header = FileHeader.Create(Store, 1) with { Format = format };
        List<byte> bytes = [.. header.Encode(SegmentFile.Magic)];
        var last = Math.Clamp(BinaryPrimitives.ReadInt64LittleEndian(records[^1].AsSpan(1)), 1, StoredFields.RevisionMax);
        var frame = forge(new FrameHeader(records.Count, records.Sum(record => 8L + record.Length), 0, last, bytes.Count));
        var frameBytes = new byte[FrameHeader.Bytes];
        frame.Write(frameBytes, header, bytes.Count);
        bytes.AddRange(frameBytes);
        Add(bytes, records, header.Salt);
        return [.. bytes];
    }

    /// <summary>A checkpoint of revision 9.</summary>
    /// <param name="records">What follows the checksum of each record.</param>
    /// <param name="entries">The number of entries in the totals.</param>
    /// <param name="entryBytes">The bytes of keys and values in the totals.</param>
    public static byte[] Checkpoint(IReadOnlyList<byte[]> records, long entries, long entryBytes)
    {
        var header = FileHeader.Create(Store, 9);
        List<byte> bytes = [.. header.Encode(CheckpointWriter.Magic)];
        Add(bytes, records, header.Salt);
        var footer = new byte[CheckpointWriter.FooterBytes];
        BinaryPrimitives.WriteInt32LittleEndian(footer, CheckpointWriter.FooterMark);
        BinaryPrimitives.WriteInt64LittleEndian(footer.AsSpan(8), entries);
        BinaryPrimitives.WriteInt64LittleEndian(footer.AsSpan(16), entryBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(footer.AsSpan(4), CheckpointWriter.FooterChecksum(header.Salt, bytes.Count, footer));
        bytes.AddRange(footer);
        return [.. bytes];
    }

    /// <summary>The file that names the store.</summary>
    public static byte[] StoreFile(StoreIdentity store)
    {
        var disk = new FakeDisk(new Random(1));
        Storage.StoreFile.Write(disk.Start(), store);
        return disk.Files[Storage.StoreFile.Name].Bytes.ToArray();
    }

    private static void Add(List<byte> bytes, IReadOnlyList<byte[]> records, ulong salt)
    {
        foreach (var record in records)
        {
            var header = new byte[8];
            BinaryPrimitives.WriteInt32LittleEndian(header, record.Length);
            BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(4), Checksum.Add(Checksum.Of(salt, bytes.Count, header.AsSpan(0, 4)), record));
            bytes.AddRange(header);
            bytes.AddRange(record);
        }
    }
}
