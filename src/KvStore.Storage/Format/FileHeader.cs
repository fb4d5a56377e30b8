using System.Buffers.Binary;

namespace KvStore.Storage;

/// <summary>The first bytes of a segment and of a checkpoint; see docs/storage-format.md.</summary>
/// <param name="Revision">Of a segment: the least revision that may be in it. Of a checkpoint: its revision.</param>
/// <param name="Salt">A random number that every checksum of the file takes in.</param>
internal readonly record struct FileHeader(long Revision, ulong Salt)
{
    public const int Bytes = 32;

    private const uint FormatNumber = 1;

    /// <summary>Writes the header.</summary>
    /// <param name="header">Its place, <see cref="Bytes"/> long.</param>
    /// <param name="magic">Eight bytes that tell the kind of file.</param>
    public void Write(Span<byte> header, ReadOnlySpan<byte> magic)
    {
        magic.CopyTo(header);
        BinaryPrimitives.WriteInt64LittleEndian(header[8..], Revision);
        BinaryPrimitives.WriteUInt64LittleEndian(header[16..], Salt);
        BinaryPrimitives.WriteUInt32LittleEndian(header[24..], FormatNumber);
        BinaryPrimitives.WriteUInt32LittleEndian(header[28..], Checksum.Of(Salt, 0, header[..28]));
    }

    /// <summary>Reads the header, or throws what is wrong with it.</summary>
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
            throw DiskLogException.Damaged(file.Path, 8, $"the file says that it is of revision {found.Revision}, so it was renamed");
        return found;
    }
}
