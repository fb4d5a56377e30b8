using System.Security.Cryptography;

namespace KvStore.Storage;

/// <summary>The file that names the store that a data directory has; see docs/storage-format.md.</summary>
internal static class StoreFile
{
    public const string Name = "store";

    private const int HeaderBytes = 24;
    private const int IdsMax = 1 << 16;
    private const uint FormatNumber = 1;

    private static ReadOnlySpan<byte> Magic => "KvStorId"u8;

    /// <summary>Writes the file, or replaces it, as a whole and durably.</summary>
    public static void Write(IDisk disk, StoreIdentity store)
    {
        using (var file = disk.Create(Name + FileNames.Unfinished))
        {
            file.Write(Encode([store.Current, .. store.Former]), 0);

            // Flushed before the rename, because a start takes a file that has its name for complete.
            file.Flush();
        }

        disk.Rename(Name + FileNames.Unfinished, Name);
        disk.FlushDirectory();
    }

    /// <exception cref="DiskLogException">The file is damaged.</exception>
    public static StoreIdentity Read(IDisk disk)
    {
        using var file = disk.Open(Name);
        var bytes = new byte[(int)Math.Min(file.LengthBytes, HeaderBytes + (IdsMax * sizeof(ulong)) + sizeof(uint))];
        if (bytes.Length < HeaderBytes || file.Read(bytes, 0) < bytes.Length || !bytes.AsSpan().StartsWith(Magic) ||
            BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(^sizeof(uint)..)) != ChecksumOf(bytes))
            throw DiskLogException.Damaged(file.Path, 0, "the file does not match its checksum");
        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(16)) is var format && format != FormatNumber)
            throw DiskLogException.Damaged(file.Path, 16, $"the file has format {format} and this program reads format {FormatNumber}; use the program that wrote it");

        var ids = new List<StoreId>();
        for (var at = HeaderBytes; at + sizeof(ulong) <= bytes.Length - sizeof(uint); at += sizeof(ulong))
            ids.Add(new StoreId(BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(at))));
        if (ids.Count == 0 || ids.Contains(default) || ids.Count != BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(20)))
            throw DiskLogException.Damaged(file.Path, HeaderBytes, "the file has no id, or not as many as it says");
        return new StoreIdentity(ids[0], ids[1..]);
    }

    private static byte[] Encode(StoreId[] ids)
    {
        var bytes = new byte[HeaderBytes + (ids.Length * sizeof(ulong)) + sizeof(uint)];
        Magic.CopyTo(bytes);
        RandomNumberGenerator.Fill(bytes.AsSpan(8, sizeof(ulong)));
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(16), FormatNumber);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(20), ids.Length);
        for (var i = 0; i < ids.Length; i++)
            BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(HeaderBytes + (i * sizeof(ulong))), ids[i].Value);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(^sizeof(uint)..), ChecksumOf(bytes));
        return bytes;
    }

    private static uint ChecksumOf(ReadOnlySpan<byte> bytes) => Checksum.Of(BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]), 0, bytes[..^sizeof(uint)]);
}
