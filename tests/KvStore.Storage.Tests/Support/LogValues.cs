using System.Buffers.Binary;

namespace KvStore.Storage.Tests;

/// <summary>Values that make the end of a log hard to read: what clients write may look like the log's own frames, and be large.</summary>
internal sealed class LogValues(Random random, FakeDisk disk)
{
    private const int SaltAt = 16;
    private const int LargeBytesMax = 2 << 20;

    /// <summary>Whether some of the values are so large that a crash leaves a torn tail of megabytes. In few lives, because they take long.</summary>
    public bool AreLarge { get; } = random.Next(300) == 0;

    public byte[] Next() => random.Next(AreLarge ? 10 : 3) switch
    {
        0 => Copy(),
        1 => Forge(),
        2 => Random(random.Next(1500)),
        _ => Random(random.Next(LargeBytesMax)),
    };

    private byte[] Random(int bytes)
    {
        var value = new byte[bytes];
        random.NextBytes(value);
        return value;
    }

    // Of any file of the log, with the frames in it.
    private byte[] Copy()
    {
        var bytes = disk.Files.Values.ElementAt(random.Next(disk.Files.Count)).Bytes;
        var from = random.Next(bytes.Length + 1);
        return bytes[from..Math.Min(bytes.Length, from + random.Next(2000))].ToArray();
    }

    // Headers that are right in everything but the checksum: they would be evidence that everything before them was flushed.
    private byte[] Forge()
    {
        var segment = disk.Files.Where(file => file.Key.EndsWith(".segment", StringComparison.Ordinal)).OrderBy(file => file.Key).Last().Value.Bytes;
        var value = new byte[random.Next(1, 40) * FrameHeader.Bytes];
        for (var at = 0; at < value.Length; at += FrameHeader.Bytes)
        {
            var header = value.AsSpan(at, FrameHeader.Bytes);
            BinaryPrimitives.WriteUInt32LittleEndian(header, BinaryPrimitives.ReadUInt32LittleEndian(segment[(SaltAt + sizeof(uint))..]) | 0x11111111);
            BinaryPrimitives.WriteInt64LittleEndian(header[32..], segment.TrimEnd((byte)0).Length + at);
        }

        return value;
    }
}
