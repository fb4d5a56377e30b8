using System.IO.Compression;

namespace KvStore.Storage.Tests;

/// <summary>Logs in format 2, which had no records without a value: three short values, one of 1,600 bytes, and a change of its expiry.</summary>
public sealed class Format2Tests
{
    // Compressed, and without the zeros at the end.
    private const string Killed =
        "8y4LLskvCk5nZICAmo25dz/PuniNCchOeZicG9V8UZZhw5qcu38X3fs8++L1/0DAgAPoILHZdvMVg9SDzDVEUwezKwZJrPV4rZ0mkD5butuBCaaAmYHRUIJPchGQz5Wob1iSWlGiX5CTmJlXlphTmqpgiG4BTB8TlN6LZIFAbudskAUHu7aqMjEhLMhAWGCEboERugUIfRAgx4iwoPD52gqQBRsSZxoyMSMs6EVYYIxugTHMghw2VINZoHQ9kgWH0/P7U4DqzBbqXGKCKWBlYNwEsyAnsSg9FcmKUTAKRsEoGAWjgAwAq5tK2FDrJFYoLc2BqJuOTOj4B6rDJunKhrHBFLAyMt2E1k0f/7Qk7hyto0bBKBgFo2AUUAkAAA==";

    private const string Closed =
        "8y4LLskvCk5nZICAmo25dz/PuniNCchOeZicG9V8UZZhw5qcu38X3fs8++L1/0DAgAPoILHZdvMVg9SDzDVEUwezKwZJrPV4rZ0mkD5butuBCaaAmYHRUIJPchGQz5Wob1iSWlGiX5CTmJlXlphTmqpgiG4BTB8TlN6LZIFAbudskAUHu7aqMjEhLMhAWGCEboERugUIfRAgx4iwoPD52gqQBRsSZxoyMSMs6EVYYIxugTHMghw2VINZoHQ9kgWH0/P7U4DqzBbqXGKCKWBlYNwEsyAnsSg9FcmKUTAKRsEoGAWjgAwAq5tK2FDrJFYoLc2BqJuOTOj4B6rDJunKhrHBFLAyMt2E1k0f/7Qk7hyto0bBKBgFo2AUULGOQu5asqLR+/kQcrsSExoB";

    private const string Store = "S3ZTdG9ySWScxo6LY9HWtwEAAAABAAAAWoPRHQCwrGxeAGfT";
    private const string Name = "00000000000000000001.segment";

    [Theory]
    [InlineData(Killed)]
    [InlineData(Closed)]
    public async Task Commit_Format2_SealsAndContinuesInNewSegment(string compressed)
    {
        var disk = DiskOf(compressed);
        for (var start = 0; start < 3; start++)
        {
            var latest = await WriteAsync(disk, Some.Transaction(new SetExpiry(Some.Key("large"), ExpiryUpdate.Never)));
            Assert.Equal(("value 3", 1600, 3 + start), (latest.Text("a/3"), latest.Find(Some.Key("large"))!.Value.Value.Length, latest.Find(Some.Key("large"))!.Value.Version));
        }

        Assert.Equal(2, BitConverter.ToInt32(disk.Files[Name].Bytes[24..]));
        var last = disk.Files.Keys.Where(name => name.EndsWith(FileNames.Segment, StringComparison.Ordinal)).Max()!;
        Assert.Equal(4, BitConverter.ToInt32(disk.Files[last].Bytes[24..]));
        Assert.Equal(2, LogImage.SegmentsOf(LogImage.FilesOf(disk)).Length);
    }

    [Fact]
    public async Task Commit_Format2WithoutCommits_IsReplaced()
    {
        var disk = DiskOf(Closed);
        disk.Files[Name].Set(disk.Files[Name].Bytes[..FileHeader.CurrentBytes].ToArray());
        Assert.Equal("value", (await WriteAsync(disk, Some.Transaction(Some.Put("k")))).Text("k"));
        Assert.Equal(4, BitConverter.ToInt32(disk.Files[Name].Bytes[24..]));
    }

    // At any operation of the start and of the first write.
    [Fact]
    public async Task Commit_Format2PowerCut_LosesNothing()
    {
        for (var cut = 0; ; cut++)
        {
            var disk = DiskOf(Killed);
            var operations = 0;
            disk.FlushDirectory();
            disk.Before = (_, _) =>
            {
                if (operations++ == cut)
                    disk.Start();
            };
            try
            {
                await WriteAsync(disk, Some.Transaction(Some.Put("k")));
            }
            catch (DiskLogException)
            {
                // Killed during the start.
            }

            disk.Before = (_, _) => { };
            disk.CutPower();
            var latest = await WriteAsync(disk, Some.Transaction(Some.Put("after")));
            Assert.Equal(("value 3", "value"), (latest.Text("a/3"), latest.Text("after")));
            if (operations <= cut)
                return;
        }
    }

    private static FakeDisk DiskOf(string compressed)
    {
        using var bytes = new MemoryStream();
        using (var stream = new DeflateStream(new MemoryStream(Convert.FromBase64String(compressed)), CompressionMode.Decompress))
            stream.CopyTo(bytes);
        return LogImage.DiskOf(new() { [Name] = bytes.ToArray(), [StoreFile.Name] = Convert.FromBase64String(Store) });
    }

    private static async Task<Snapshot> WriteAsync(FakeDisk disk, Transaction transaction)
    {
        var follower = new SnapshotPublisher(new StoreOptions(), new FakeTimeProvider());
        await using var log = new DiskCommitLog(disk.Start(), LogImage.Options with { SegmentBytesMax = 1 << 20 }, new FakeTimeProvider(), _ => { }, action => action());
        await log.FollowAsync(follower, TestContext.Current.CancellationToken);
        await log.CommitAsync([transaction], TestContext.Current.CancellationToken);
        return follower.Latest;
    }
}
