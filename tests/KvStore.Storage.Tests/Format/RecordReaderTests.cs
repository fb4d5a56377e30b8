using System.Buffers.Binary;

namespace KvStore.Storage.Tests;

/// <summary>A length is used before its checksum is known.</summary>
public sealed class RecordReaderTests
{
    [Theory]
    [InlineData(int.MaxValue)]
    [InlineData(StoredFields.ValueBytesMax + (1 << 20) + 1)]
    [InlineData(0)]
    [InlineData(-1)]
    public void Read_LengthOfNoRecord_IsDamageAndTakesNoMemory(int length)
    {
        var header = new byte[RecordWriter.HeaderBytes];
        BinaryPrimitives.WriteInt32LittleEndian(header, length);
        using var file = new LargeFile(header);

        var allocated = Allocations.Of(() =>
        {
            var (bytes, offset) = (new FileReader(file), 0L);
            var damage = RecordReader.Read(bytes, 0, ref offset, bytes.LengthBytes, out _);
            Assert.Equal("a record's length is wrong", damage?.Reason);
        });

        Assert.InRange(allocated, 0, 4 * FileReader.BlockBytes);
    }

    /// <summary>Zeros after a beginning, more of them than fit into memory.</summary>
    private sealed class LargeFile(byte[] beginning) : IDiskFile
    {
        public string Path => "/fake/large";

        public long LengthBytes => 1L << 40;

        public int Read(Span<byte> buffer, long offset)
        {
            buffer.Clear();
            if (offset == 0)
                beginning.CopyTo(buffer);
            return buffer.Length;
        }

        public void Write(ReadOnlySpan<byte> bytes, long offset) => throw new NotSupportedException();

        public void Truncate(long lengthBytes) => throw new NotSupportedException();

        public void Reserve(long offset, long bytes) => throw new NotSupportedException();

        public void Flush() => throw new NotSupportedException();

        public void Dispose()
        {
        }
    }
}
