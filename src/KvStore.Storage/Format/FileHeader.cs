using System.Security.Cryptography;

namespace KvStore.Storage;

/// <summary>The first bytes of a segment and of a checkpoint; see docs/storage-format.md.</summary>
/// <param name="Revision">The first revision that a segment may contain, or the revision of a checkpoint.</param>
/// <param name="Salt">A random number that is part of every checksum of the file.</param>
internal readonly record struct FileHeader(long Revision, ulong Salt)
{
    public const int Bytes = 32;

    private const uint FormatNumber = 1;

    /// <summary>A header with a new salt.</summary>
    public static FileHeader Create(long revision) => new(revision, BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong))));

    public byte[] Encode(ReadOnlySpan<byte> magic)
    {
        var header = new byte[Bytes];
        magic.CopyTo(header);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(8), Revision);
        BinaryPrimitives.WriteUInt64LittleEndian(header.AsSpan(16), Salt);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(24), FormatNumber);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(28), Checksum.Of(Salt, 0, header.AsSpan(0, 28)));
        return header;
    }

    /// <exception cref="DiskLogException">The header is damaged, or belongs to another kind of file, format or revision.</exception>
    public static FileHeader Read(IDiskFile file, ReadOnlySpan<byte> magic, long revision)
    {
        Span<byte> header = stackalloc byte[Bytes];
        if (file.Read(header, 0) < Bytes)
            throw DiskLogException.Damaged(file.Path, 0, "the file ends within its header");
        var found = new FileHeader(BinaryPrimitives.ReadInt64LittleEndian(header[8..]), BinaryPrimitives.ReadUInt64LittleEndian(header[16..]));
        if (!header[..8].SequenceEqual(magic) || BinaryPrimitives.ReadUInt32LittleEndian(header[28..]) != Checksum.Of(found.Salt, 0, header[..28]))
            throw DiskLogException.Damaged(file.Path, 0, "the file's header does not match its checksum");
        if (BinaryPrimitives.ReadUInt32LittleEndian(header[24..]) is var format && format != FormatNumber)
            throw DiskLogException.Damaged(file.Path, 24, $"the file has format {format} and this program reads format {FormatNumber}; use the program that wrote it");
        if (found.Revision != revision)
            throw DiskLogException.Damaged(file.Path, 8, $"the header names revision {found.Revision}, so the file was renamed");
        return found;
    }
}
