
namespace KvStore.Storage.Tests;

/// <summary>A commit may be as large as it likes: writing it takes no memory of its size.</summary>
public sealed class FrameWriterTests
{
    private const int Changes = 1_000_000;
    private const int BytesMax = 4 << 20;

    [Fact]
    public void Write_CommitOfMillionKeys_StreamsWithLittleMemory()
    {
        var entry = Entry.Create(Key.Parse("a/key"), new byte[100], "text/plain", 1, 1, 1, 0);
        var changes = new EntryChange[Changes];
        Array.Fill(changes, new EntryChange(null, entry));
        Commit[] commits = [new Commit(1, changes)];
        var file = new CountingFile();
        var writer = new FrameWriter();

        var before = GC.GetAllocatedBytesForCurrentThread();
        var header = writer.Measure(commits, 0);
        writer.Write(file, FileHeader.Create(1), 0, header, commits);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.Equal((Changes, header.BodyBytes + FrameHeader.Bytes), (header.Records, file.LengthBytes));
        Assert.InRange(file.LengthBytes, 100L * Changes, long.MaxValue);
        Assert.InRange(allocated, 0, BytesMax);
        Assert.InRange(file.LargestWriteBytes, 1, BytesMax);
    }

    private sealed class CountingFile : IDiskFile
    {
        public string Path => "/fake/counting";

        public long LengthBytes { get; private set; }

        public int LargestWriteBytes { get; private set; }

        public int Read(Span<byte> buffer, long offset) => 0;

        public void Write(ReadOnlySpan<byte> bytes, long offset)
        {
            Assert.Equal(LengthBytes, offset);
            LengthBytes += bytes.Length;
            LargestWriteBytes = Math.Max(LargestWriteBytes, bytes.Length);
        }

        public void Truncate(long lengthBytes) => LengthBytes = lengthBytes;

        public void Reserve(long offset, long bytes)
        {
        }

        public void Flush()
        {
        }

        public void Dispose()
        {
        }
    }
}
