using System.Security.Cryptography;

namespace KvStore.Storage;

/// <summary>The first bytes of a segment and of a checkpoint; see docs/storage-format.md.</summary>
/// <param name="Revision">The first revision that a segment may contain, or the revision of a checkpoint.</param>
/// <param name="Salt">A random number that is part of every checksum of the file.</param>
/// <param name="Format">The format of the file.</param>
/// <param name="Store">The store that the file was written for; the default value in format 1.</param>
internal readonly record struct FileHeader(long Revision, ulong Salt, uint Format, StoreId Store)
{
    /// <summary>The format of new files. Files of earlier formats are read, too.</summary>
    public const uint CurrentFormat = 4;

    /// <summary>The length of a header from format 2 on.</summary>
    public const int CurrentBytes = Format1Bytes + sizeof(ulong) + sizeof(uint);

    // A header of any format begins like one of format 1, so that an older program can say which format it does not know.
    private const int Format1Bytes = 32;
    private const int StoreAt = Format1Bytes;
    private const int StoreChecksumAt = StoreAt + sizeof(ulong);

    /// <summary>The length of this header.</summary>
    public int Bytes => Format == 1 ? Format1Bytes : CurrentBytes;

    /// <summary>
    /// The first bytes of every frame of a segment. They come from the salt, so that what clients write cannot look like a
    /// frame; in format 1 they are <c>frm1</c>. One flipped bit makes none of them zero.
    /// </summary>
    public uint FrameMark => Format == 1 ? 0x316D7266 : (uint)(Salt >> 32) | 0x11111111;

    /// <summary>The flags that a record of the file may have.</summary>
    public RecordFlags KnownFlags => Format < 3 ? RecordFlags.Format2 : Format < 4 ? RecordFlags.Format3 : RecordFlags.All;

    /// <summary>A header with a new salt.</summary>
    public static FileHeader Create(StoreId store, long revision) =>
        new(revision, BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong))), CurrentFormat, store);

    public byte[] Encode(ReadOnlySpan<byte> magic)
    {
        var header = new byte[CurrentBytes];
        magic.CopyTo(header);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(8), Revision);
        BinaryPrimitives.WriteUInt64LittleEndian(header.AsSpan(16), Salt);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(24), Format);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(28), Checksum.Of(Salt, 0, header.AsSpan(0, 28)));
        BinaryPrimitives.WriteUInt64LittleEndian(header.AsSpan(StoreAt), Store.Value);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(StoreChecksumAt), Checksum.Of(Salt, StoreAt, header.AsSpan(StoreAt, sizeof(ulong))));
        return header;
    }

    /// <exception cref="DiskLogException">The header is damaged, or belongs to another kind of file, format or revision.</exception>
    public static FileHeader Read(IDiskFile file, ReadOnlySpan<byte> magic, long revision)
    {
        Span<byte> header = stackalloc byte[CurrentBytes];
        var count = file.Read(header, 0);
        if (count < Format1Bytes)
            throw DiskLogException.Damaged(file.Path, 0, "the file ends within its header");
        var found = new FileHeader(
            BinaryPrimitives.ReadInt64LittleEndian(header[8..]),
            BinaryPrimitives.ReadUInt64LittleEndian(header[16..]),
            BinaryPrimitives.ReadUInt32LittleEndian(header[24..]),
            default);
        if (!header[..8].SequenceEqual(magic) || BinaryPrimitives.ReadUInt32LittleEndian(header[28..]) != Checksum.Of(found.Salt, 0, header[..28]))
            throw DiskLogException.Damaged(file.Path, 0, "the file's header does not match its checksum");
        if (found.Format is 0 or > CurrentFormat)
            throw DiskLogException.Damaged(file.Path, 24, $"the file has format {found.Format} and this program reads formats up to {CurrentFormat}; use the program that wrote it");
        if (found.Revision != revision)
            throw DiskLogException.Damaged(file.Path, 8, $"the header names revision {found.Revision}, so the file was renamed");
        return found.Format == 1 ? found : found with { Store = ReadStore(file.Path, header[..count], found.Salt) };
    }

    private static StoreId ReadStore(string path, ReadOnlySpan<byte> header, ulong salt)
    {
        if (header.Length < CurrentBytes)
            throw DiskLogException.Damaged(path, 0, "the file ends within its header");
        var store = new StoreId(BinaryPrimitives.ReadUInt64LittleEndian(header[StoreAt..]));
        return store != default && BinaryPrimitives.ReadUInt32LittleEndian(header[StoreChecksumAt..]) == Checksum.Of(salt, StoreAt, header[StoreAt..StoreChecksumAt])
            ? store
            : throw DiskLogException.Damaged(path, StoreAt, "the file's header does not match its checksum");
    }
}
