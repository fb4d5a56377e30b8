
namespace KvStore.Storage.Tests;

/// <summary>A log with a flipped bit fails to load and names the place; no read returns a wrong value.</summary>
public sealed class DamageTests
{
    [Theory]
    [InlineData(false, true)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    public async Task Follow_AnyBitFlipped_LoadsAllOrNamesByte(bool hasCheckpoint, bool isClosed)
    {
        var files = await LogImage.MakeAsync(hasCheckpoint, isClosed);
        Assert.Equal(hasCheckpoint, files.Keys.Any(name => name.EndsWith(".checkpoint", StringComparison.Ordinal)));
        Assert.True(files.Count > 2);
        var whole = States.Describe(LogImage.Open(files));
        var refusals = 0;
        foreach (var (name, bytes) in files)
        {
            for (var bit = 0; bit < bytes.Length * 8; bit++)
            {
                var damaged = bytes.ToArray();
                damaged[bit / 8] ^= (byte)(1 << (bit % 8));
                try
                {
                    Assert.Equal(whole, States.Describe(LogImage.Open(new(files) { [name] = damaged })));
                }
                catch (DiskLogException exception)
                {
                    refusals++;
                    Assert.Equal(DiskLogProblem.Damaged, exception.Problem);
                    Assert.EndsWith(name, exception.Path, StringComparison.Ordinal);
                    Assert.InRange(exception.OffsetBytes!.Value, 0, bit / 8);
                }
            }
        }

        // The salt of a file without commits behind it may be any number, and room that is reserved may hold anything; all else counts.
        Assert.InRange(refusals, files.Values.Sum(bytes => bytes.Length) * 4, int.MaxValue);
    }

    [Fact]
    public async Task Follow_LastSegmentTruncated_LoadsWholeBatches()
    {
        var files = await LogImage.MakeAsync(hasCheckpoint: false, isClosed: true);
        var last = LogImage.SegmentsOf(files)[^1];
        var revisions = new List<long>();
        for (var length = FileHeader.CurrentBytes; length <= files[last].Length; length++)
        {
            var snapshot = LogImage.Open(new(files) { [last] = files[last][..length] });
            var revision = LogImage.RecoveredRevision(snapshot);
            Assert.Equal(0, revision % 2);
            Assert.Equal($"{(revision / 2) - 1}", snapshot.Text("last"));
            revisions.Add(revision);
        }

        Assert.Equal(revisions.Order(), revisions);
        Assert.Equal(24, revisions[^1]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Follow_OtherFileTruncatedOrMissing_Throws(bool hasCheckpoint)
    {
        var files = await LogImage.MakeAsync(hasCheckpoint, isClosed: true);
        var last = LogImage.SegmentsOf(files)[^1];
        foreach (var (name, bytes) in files.Where(file => file.Key != last))
        {
            for (var length = 0; length < bytes.Length; length++)
                IsRefused(new(files) { [name] = bytes[..length] });
            IsRefused(files.Where(file => file.Key != name).ToDictionary());
        }

        IsRefused(files.Where(file => file.Key != last).ToDictionary());
        for (var length = 0; length < FileHeader.CurrentBytes; length++)
            IsRefused(new(files) { [last] = files[last][..length] });
        static void IsRefused(Dictionary<string, byte[]> files) =>
            Assert.Equal(DiskLogProblem.Damaged, Assert.Throws<DiskLogException>(() => LogImage.Open(files)).Problem);
    }

    [Fact]
    public async Task Follow_SectorLostBeforeFlushedFrame_IsDamage()
    {
        var disk = new FakeDisk(new Random(1));
        var log = new DiskCommitLog(disk.Start(), LogImage.Options with { SegmentBytesMax = 100_000 }, new FakeTimeProvider(), _ => { }, action => action());
        await log.FollowAsync(new SnapshotPublisher(new StoreOptions(), new FakeTimeProvider()), CancellationToken.None);
        for (var i = 0; i < 10; i++)
            await log.CommitAsync([Some.Transaction(Some.Put("k", new string('v', 400)))], CancellationToken.None);
        await log.DisposeAsync();

        var (name, file) = Assert.Single(disk.Files, file => file.Key != StoreFile.Name);
        for (var sector = 1; (sector + 1) * 512 < file.Length - FrameHeader.Bytes; sector++)
        {
            var bytes = file.Bytes.ToArray();
            bytes.AsSpan(sector * 512, 512).Clear();
            Assert.Throws<DiskLogException>(() => LogImage.Open(new() { [name] = bytes, [StoreFile.Name] = disk.Files[StoreFile.Name].Bytes.ToArray() }));
        }
    }

    [Fact]
    public async Task Follow_FilesSwappedOrForeign_Throws()
    {
        var files = await LogImage.MakeAsync(hasCheckpoint: false, isClosed: true);
        var other = await LogImage.MakeAsync(hasCheckpoint: false, isClosed: true);
        var names = LogImage.SegmentsOf(files);
        Assert.Throws<DiskLogException>(() => LogImage.Open(new(files) { [names[0]] = files[names[1]], [names[1]] = files[names[0]] }));

        // A frame of a segment of the same name, from another log.
        var mixed = files[names[^1]].ToArray();
        other[names[^1]].AsSpan(FileHeader.CurrentBytes).CopyTo(mixed.AsSpan(FileHeader.CurrentBytes));
        Assert.Throws<DiskLogException>(() => LogImage.Open(new(files) { [names[^1]] = mixed }));
    }
}
