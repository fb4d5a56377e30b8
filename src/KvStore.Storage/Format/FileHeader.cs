using System.Security.Cryptography;

namespace KvStore.Storage;

/// <summary>The first bytes of a segment and of a checkpoint; see docs/storage-format.md.</summary>
/// <param name="Revision">The first revision that a segment may contain, or the revision of a checkpoint.</param>
/// <param name="Salt">A random number that is part of every checksum of the file.</param>
/// <param name="Format">The format of the file.</param>
internal readonly record struct FileHeader(long Revision, ulong Salt, uint Format)
{
    public const int Bytes = 32;

    /// <summary>The format of new files. Files of format 1 are read, too.</summary>
    public const uint CurrentFormat = 2;

    /// <summary>
    /// The first bytes of every frame of a segment. They come from the salt, so that what clients write cannot look like a
    /// frame; in format 1 they are <c>frm1</c>. One flipped bit makes none of them zero.
    /// </summary>
    public uint FrameMark => Format == 1 ? 0x316D7266 : (uint)(Salt >> 32) | 0x11111111;

    /// <summary>A header with a new salt.</summary>
    public static FileHeader Create(long revision) => new(revision, BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong))), CurrentFormat);

    public byte[] Encode(ReadOnlySpan<byte> magic)
    {
        var header = new byte[Bytes];
        magic.CopyTo(header);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(8), Revision);
        BinaryPrimitives.WriteUInt64LittleEndian(header.AsSpan(16), Salt);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(24), Format);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(28), Checksum.Of(Salt, 0, header.AsSpan(0, 28)));
        return header;
    }

    /// <exception cref="DiskLogException">The header is damaged, or belongs to another kind of file, format or revision.</exception>
    public static FileHeader Read(IDiskFile file, ReadOnlySpan<byte> magic, long revision)
    {
        Span<byte> header = stackalloc byte[Bytes];
        if (file.Read(header, 0) < Bytes)
            throw DiskLogException.Damaged(file.Path, 0, "the file ends within its header");
        var found = new FileHeader(
            BinaryPrimitives.ReadInt64LittleEndian(header[8..]),
            BinaryPrimitives.ReadUInt64LittleEndian(header[16..]),
            BinaryPrimitives.ReadUInt32LittleEndian(header[24..]));
        if (!header[..8].SequenceEqual(magic) || BinaryPrimitives.ReadUInt32LittleEndian(header[28..]) != Checksum.Of(found.Salt, 0, header[..28]))
            throw DiskLogException.Damaged(file.Path, 0, "the file's header does not match its checksum");
        if (found.Format is 0 or > CurrentFormat)
            throw DiskLogException.Damaged(file.Path, 24, $"the file has format {found.Format} and this program reads formats up to {CurrentFormat}; use the program that wrote it");
        if (found.Revision != revision)
            throw DiskLogException.Damaged(file.Path, 8, $"the header names revision {found.Revision}, so the file was renamed");
        return found;
    }
}
