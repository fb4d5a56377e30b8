namespace KvStore.Storage.Tests;

/// <summary>What the end of the last segment is taken for: an unfinished write, or damage of what may have been acknowledged.</summary>
public sealed class TornTailTests
{
    private const int SectorBytes = 512;

    private static readonly DiskLogOptions OneSegment = LogImage.Options with { SegmentBytesMax = 1 << 30 };

    [Fact]
    public async Task Follow_BitFlippedInLastBatch_IsDamage()
    {
        var image = await MakeAsync();
        for (var at = image.LastFrame; at < image.End; at++)
        {
            var damaged = image.Bytes.ToArray();
            damaged[at] ^= (byte)(1 << (at % 8));
            var refusal = Assert.Throws<DiskLogException>(() => Open(damaged));
            Assert.Equal((DiskLogProblem.Damaged, $"/fake/{image.Name}"), (refusal.Problem, refusal.Path));
            Assert.InRange(refusal.OffsetBytes!.Value, image.LastFrame, at);
        }
    }

    [Fact]
    public async Task Follow_SectorsOfLastBatchLost_CutsAndReports()
    {
        var image = await MakeAsync();
        var sectors = Sectors(image).ToArray();
        var cuts = 0;
        for (var seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var torn = image.Bytes.ToArray();
            var lost = sectors.Where(_ => random.Next(sectors.Length) < 2).ToArray();
            foreach (var (from, to) in lost)
                torn.AsSpan(from, to - from).Clear();
            var isWhole = torn.AsSpan().SequenceEqual(image.Bytes);
            var (revision, cut) = Open(torn);

            Assert.Equal(isWhole ? 2 : 1, revision);
            cuts += isWhole ? 0 : 1;
            if (!isWhole && torn.AsSpan(image.LastFrame).ContainsAnyExcept((byte)0))
                Assert.Contains($"bytes of /fake/{image.Name}, from byte {image.LastFrame} (", Assert.Single(cut), StringComparison.Ordinal);
        }

        Assert.InRange(cuts, 100, 299);
    }

    [Fact]
    public async Task Follow_LastBatchCutShort_Cuts()
    {
        var image = await MakeAsync();
        for (var length = image.LastFrame + 1; length < image.End; length++)
        {
            var (revision, cut) = Open(image.Bytes[..length]);
            Assert.Equal(1, revision);
            Assert.Contains($"from byte {image.LastFrame} (", Assert.Single(cut), StringComparison.Ordinal);
        }
    }

    // Frames of the log at their own offsets are no evidence unless they say that this one was flushed, and copies at others never are.
    [Fact]
    public async Task Follow_ValuesOfTornBatchAreFrames_Cuts()
    {
        var image = await MakeAsync();
        var header = image.Bytes.AsSpan(image.LastFrame, FrameHeader.Bytes).ToArray();
        for (var offset = image.LastFrame + (2 * SectorBytes); offset < image.End - header.Length; offset++)
        {
            var torn = image.Bytes.ToArray();
            torn.AsSpan(image.LastFrame, SectorBytes).Clear();
            header.CopyTo(torn.AsSpan(offset));
            Assert.Equal(1, Open(torn).Revision);
        }
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(1, true)]
    public async Task Follow_LaterFrameSaysFlushed_IsDamage(int durableBytesBehind, bool isDamage)
    {
        var image = await MakeAsync();
        var salt = BitConverter.ToUInt64(image.Bytes, 16);
        foreach (var offset in new[] { image.LastFrame + SectorBytes, image.End - FrameHeader.Bytes })
        {
            var torn = image.Bytes.ToArray();
            torn.AsSpan(image.LastFrame, SectorBytes - (image.LastFrame % SectorBytes)).Clear();
            new FrameHeader(0, 0, 2, 2, image.LastFrame + durableBytesBehind).Write(torn.AsSpan(offset), new FileHeader(1, salt, 2, default), offset);
            if (isDamage)
                Assert.Throws<DiskLogException>(() => Open(torn));
            else
                Assert.Equal(1, Open(torn).Revision);
        }
    }

    [Fact]
    public async Task Read_AnyTail_IsLinearAndReportsProgress()
    {
        const int TailBytes = 8 << 20;
        var image = await MakeAsync();
        foreach (var fill in new[] { [1], BitConverter.GetBytes(image.Header.FrameMark), image.Bytes[image.LastFrame..image.End] })
        {
            var bytes = image.Bytes[..image.End].Concat(Enumerable.Repeat(fill, (TailBytes / fill.Length) + 1).SelectMany(one => one)).ToArray();
            bytes.AsSpan(image.LastFrame, SectorBytes).Clear();
            var file = new CountedFile(bytes);
            var progress = new LoadProgress(CancellationToken.None);
            file.Reading = () => Assert.True(progress.TotalBytes == bytes.Length && progress.DoneBytes <= progress.TotalBytes);
            var tail = SegmentTail.Read(file, 1, progress);

            Assert.Equal((image.LastFrame, bytes.Length - image.LastFrame), (tail.Torn!.OffsetBytes, tail.Torn.Bytes));
            Assert.Equal(bytes.Length, progress.DoneBytes);
            Assert.InRange(file.ReadBytes, bytes.Length, 4L * bytes.Length);
        }
    }

    [Fact]
    public async Task Read_Cancelled_Ends()
    {
        var image = await MakeAsync();
        using var cancellation = new CancellationTokenSource();
        var file = new CountedFile([.. image.Bytes, .. new byte[1 << 20]]) { Reading = cancellation.Cancel };
        Assert.Throws<OperationCanceledException>(() => SegmentTail.Read(file, 1, new LoadProgress(cancellation.Token)));
    }

    // Two batches without a marker after them. The last one begins and ends within sectors, and has sectors of zeros.
    private static async Task<Image> MakeAsync()
    {
        var disk = new FakeDisk(new Random(1));
        var log = new DiskCommitLog(disk.Start(), OneSegment, new FakeTimeProvider(), _ => { }, action => action());
        await log.FollowAsync(new SnapshotPublisher(new StoreOptions(), new FakeTimeProvider()), CancellationToken.None);
        await log.CommitAsync([Some.Transaction(Some.Put("first", "1"))], CancellationToken.None);
        var (name, file) = disk.Files.Single(file => file.Key.EndsWith(".segment", StringComparison.Ordinal));
        var lastFrame = (int)log.Status.LogBytes;
        await log.CommitAsync([Some.Transaction(Some.Put("text", "value"), Some.Put("zeros", new string('\0', 1700)), Some.Put("more", new string('v', 900)), Some.Put("end", "1"))], CancellationToken.None);
        var image = new Image(name, file.Bytes.ToArray(), lastFrame, (int)log.Status.LogBytes);
        _ = disk.Start();
        await log.DisposeAsync();
        return image;
    }

    private static (long Revision, List<string> Cuts) Open(byte[] bytes)
    {
        var store = new StoreIdentity(new StoreId(BitConverter.ToUInt64(bytes, 32)), []);
        var disk = LogImage.DiskOf(new() { ["00000000000000000001.segment"] = bytes, [StoreFile.Name] = ForgedFiles.StoreFile(store) });
        var cuts = new List<string>();
        var follower = new SnapshotPublisher(new StoreOptions(), new FakeTimeProvider());
        var core = new LogCore(disk.Start(), OneSegment, new FakeTimeProvider(), Report, action => action());
        core.Open(follower, new LoadProgress(CancellationToken.None));
        core.Finish();
        return (LogImage.RecoveredRevision(follower.Latest), cuts);

        void Report(DiskLogEvent happening)
        {
            if (happening.Kind == DiskLogEventKind.TailCut)
                cuts.Add(happening.Message);
        }
    }

    private static IEnumerable<(int From, int To)> Sectors(Image image)
    {
        for (var from = image.LastFrame; from < image.End; from = (from / SectorBytes + 1) * SectorBytes)
            yield return (from, Math.Min((from / SectorBytes + 1) * SectorBytes, image.End));
    }

    private sealed record Image(string Name, byte[] Bytes, int LastFrame, int End)
    {
        public FileHeader Header => new(1, BitConverter.ToUInt64(Bytes, 16), FileHeader.CurrentFormat, default);
    }

    private sealed class CountedFile(byte[] bytes) : IDiskFile
    {
        public string Path => "/fake/counted";

        public long LengthBytes => bytes.Length;

        public long ReadBytes { get; private set; }

        public Action Reading { get; set; } = () => { };

        public int Read(Span<byte> buffer, long offset)
        {
            Reading();
            var count = (int)Math.Clamp(bytes.Length - offset, 0, buffer.Length);
            bytes.AsSpan((int)offset, count).CopyTo(buffer);
            ReadBytes += count;
            return count;
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
