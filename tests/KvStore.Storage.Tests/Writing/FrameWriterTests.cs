
namespace KvStore.Storage.Tests;

/// <summary>A commit may be as large as it likes: writing it takes no memory of its size.</summary>
public sealed class FrameWriterTests
{
    private const int Changes = 1_000_000;
    private const int BytesMax = 4 << 20;
    private const long Offset = 100;

    [Fact]
    public void Write_CommitOfMillionKeys_StreamsWithLittleMemory()
    {
        var entry = Entry.Create(Key.Parse("a/key"), new byte[100], "text/plain", 1, 1, 1, 0);
        var changes = new EntryChange[Changes];
        Array.Fill(changes, new EntryChange(null, entry));
        Commit[] commits = [new Commit(1, changes)];
        var (file, header) = (new CountingFile(), default(FrameHeader));

        var allocated = Allocations.Of(() =>
        {
            var writer = new FrameWriter();
            file = new CountingFile();
            header = writer.Measure(commits, 0);
            writer.Write(file, FileHeader.Create(ForgedFiles.Store, 1), Offset, header, commits);
        });

        Assert.Equal((Changes, header.BodyBytes + FrameHeader.Bytes, Offset), (header.Records, file.LengthBytes - Offset, file.LastOffset));
        Assert.InRange(file.LengthBytes, 100L * Changes, long.MaxValue);
        Assert.InRange(allocated, 0, BytesMax);
        Assert.InRange(file.LargestWriteBytes, 1, BytesMax);
    }

    // The header of a frame that does not fit into the write buffer is written last.
    [Fact]
    public void Write_AnyFrame_CountsItsSectorsOfZeros()
    {
        var random = Seed.NewRandom();
        var writer = new FrameWriter();
        for (var i = 0; i < 100; i++)
        {
            var disk = new FakeDisk(random);
            var session = disk.Start();
            var segment = FileHeader.Create(ForgedFiles.Store, 1);
            long offset = random.Next(2000);
            Commit[] commits = [.. Enumerable.Range(1, random.Next(1, 5)).Select(revision => new Commit(revision, new EntryChange(null, Zeros(revision, random.Next(random.Next(1 << random.Next(21))), random))))];
            using var file = session.Create("frame");
            var measured = writer.Measure(commits, 0);
            writer.Write(file, segment, offset, measured, commits);

            var frame = disk.Files["frame"].Bytes.ToArray().AsSpan((int)offset);
            Assert.Equal(FrameHeader.Bytes + measured.BodyBytes, frame.Length);
            Assert.True(FrameHeader.TryRead(frame, segment, offset, out var header));
            Assert.Equal(measured with { ZeroSectors = CountZeroSectors(frame, offset) }, header);
        }
    }

    private static Entry Zeros(long revision, int bytes, Random random)
    {
        var value = new byte[bytes];
        if (bytes > 0 && random.Next(2) == 0)
            value[random.Next(bytes)] = 1;
        return Entry.Create(Key.Parse("k"), value, "", revision, revision, 1, 0);
    }

    private static int CountZeroSectors(ReadOnlySpan<byte> frame, long offset)
    {
        var count = 0;
        for (var at = 0; at < frame.Length;)
        {
            var part = (int)Math.Min(512 - ((offset + at) % 512), frame.Length - at);
            count += frame.Slice(at, part).IndexOfAnyExcept((byte)0) < 0 ? 1 : 0;
            at += part;
        }

        return count;
    }

    private sealed class CountingFile : IDiskFile
    {
        public string Path => "/fake/counting";

        public long LengthBytes { get; private set; } = Offset;

        public int LargestWriteBytes { get; private set; }

        public long LastOffset { get; private set; }

        public int Read(Span<byte> buffer, long offset) => 0;

        public void Write(ReadOnlySpan<byte> bytes, long offset)
        {
            // No two writes share a sector.
            Assert.True(offset == Offset ? (offset + bytes.Length) % 512 == 0 : offset % 512 == 0);
            Assert.True(offset == Offset || offset == LengthBytes || LengthBytes == Offset);
            LastOffset = offset;
            LengthBytes = Math.Max(LengthBytes, offset + bytes.Length);
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
