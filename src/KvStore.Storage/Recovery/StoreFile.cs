using System.Security.Cryptography;

namespace KvStore.Storage;

/// <summary>The file that names the store that a data directory has; see docs/storage-format.md.</summary>
internal static class StoreFile
{
    public const string Name = "store";

    private const int Bytes = 32;
    private const uint FormatNumber = 1;

    private static ReadOnlySpan<byte> Magic => "KvStorId"u8;

    /// <summary>Reads the id of the store; writes a new one, durably, if the directory has none.</summary>
    /// <exception cref="DiskLogException">The file is damaged, or the disk failed.</exception>
    public static StoreId ReadOrCreate(IDisk disk)
    {
        if (Read(disk) is { } found)
            return found;
        var id = StoreId.Create();
        using (var file = disk.Create(Name + FileNames.Unfinished))
        {
            file.Write(Encode(id), 0);

            // Flushed before the rename, because a start takes a file that has its name for complete.
            file.Flush();
        }

        disk.Rename(Name + FileNames.Unfinished, Name);
        disk.FlushDirectory();
        return id;
    }

    /// <summary>Reads the id of the store; null if the directory has none.</summary>
    /// <exception cref="DiskLogException">The file is damaged.</exception>
    public static StoreId? Read(IDisk disk)
    {
        if (!disk.List().Contains(Name))
            return null;
        using var file = disk.Open(Name);
        return Read(file);
    }

    private static byte[] Encode(StoreId id)
    {
        var bytes = new byte[Bytes];
        Magic.CopyTo(bytes);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(8), id.Value);
        RandomNumberGenerator.Fill(bytes.AsSpan(16, 8));
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(24), FormatNumber);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(28), ChecksumOf(bytes));
        return bytes;
    }

    private static StoreId Read(IDiskFile file)
    {
        Span<byte> bytes = stackalloc byte[Bytes];
        var read = file.Read(bytes, 0);
        var id = new StoreId(BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]));
        if (read < Bytes || file.LengthBytes != Bytes || !bytes[..8].SequenceEqual(Magic) || BinaryPrimitives.ReadUInt32LittleEndian(bytes[28..]) != ChecksumOf(bytes) || id == default)
            throw DiskLogException.Damaged(file.Path, 0, "the file does not match its checksum");
        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes[24..]) is var format && format != FormatNumber)
            throw DiskLogException.Damaged(file.Path, 24, $"the file has format {format} and this program reads format {FormatNumber}; use the program that wrote it");
        return id;
    }

    private static uint ChecksumOf(ReadOnlySpan<byte> bytes) => Checksum.Of(BinaryPrimitives.ReadUInt64LittleEndian(bytes[16..]), 0, bytes[..28]);
}
