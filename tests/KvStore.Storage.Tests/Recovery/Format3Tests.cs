using System.IO.Compression;

namespace KvStore.Storage.Tests;

/// <summary>
/// Logs in format 3, which had no extensions: three short values, one of 1,600 bytes, a change of its expiry, and a deletion by prefix.
/// </summary>
public sealed class Format3Tests
{
    // Compressed, and without the zeros at the end.
    private const string Killed =
        "8y4LLskvCk5nZIAANn6t8JY9f/SZgWxeW4boK40GPrdDP+aucL4eOnXvX/v/QMCAA+ggsad4ie4DqWcCspPQ1MHsikESOyAwx1YTSMd55anAFTADWWvOZ90BMrkS9Q1LUitK9AtyEjPzyhJzSlMVDEEaMjN8UpiwazBC12AEc9FsNlSXMEHpd0guKjz283IKUN3hS2uE4QpYkSzISSxKT0VYUTEKRsEoGAWjYBSQAdSBdcqzh+WrmZiwVGZJGLUfqCoDVV+aaFUYM5TeyY6oymTmZhgqAulVUydFiMEUsDIywYxnSFm/6YokAwO4RoMZLIJmIAuUFuJAGHzrq58KD5AW+90UrwxTwJSkDzPDEE0vK5QOQzKDl+1dLMgT6ZXhakysWCtyY/SK3BgA";

    private const string KilledStore = "S3ZTdG9ySWQ9n27Jt+UmZwEAAAABAAAA1IEwTNtV8W1YlRGU";

    private const string Closed =
        "8y4LLskvCk5nZIAAsdSrV177fwtjBrJNhe/b3duibfLGriycq2+X1e/47+H/gYABB9BBYvuqzgwCqWcCspPQ1MHsikESk6wXuKgJpP84hj+FK2AGstacz7oDZHIl6huWpFaU6BfkJGbmlSXmlKYqGII0nE4uXcqEXYMRugYjmItms6G6hAlKv0Ny0YqVpfYpQHVbyv/NhitgRbIgJ7EoPRVhRcUoGAWjYBSMglFABlAH1imvBTaUMTFhqcySMGo/UFUGqr400aowZii9kx1RlR399OSuIpDuPsO5QgymgJWRCWY8Q8r6TVckGRjANRrMYBE0A1mgtBAHwmDmWYdO8ADpr86h4sowBUxJ+jAzDNH0skLpMCQzrmQmbQR54mhR3nMmVqwVuTF6RW4MsgC5ScGKRm9HsiBFJP4LAA==";

    private const string ClosedStore = "S3ZTdG9ySWTn7xeHs31oCgEAAAABAAAA3rQrNOw+dlfnJJQc";
    private const string Name = "00000000000000000001.segment";

    [Theory]
    [InlineData(Killed, KilledStore)]
    [InlineData(Closed, ClosedStore)]
    public async Task Commit_Format3_SealsAndContinuesInNewSegment(string compressed, string store)
    {
        using var bytes = new MemoryStream();
        using (var stream = new DeflateStream(new MemoryStream(Convert.FromBase64String(compressed)), CompressionMode.Decompress))
            stream.CopyTo(bytes);
        var disk = LogImage.DiskOf(new() { [Name] = bytes.ToArray(), [StoreFile.Name] = Convert.FromBase64String(store) });
        var key = Some.Key("m");
        for (var start = 0; start < 3; start++)
        {
            var follower = new SnapshotPublisher(new StoreOptions(), new FakeTimeProvider());
            await using var log = new DiskCommitLog(disk.Start(), LogImage.Options with { SegmentBytesMax = 1 << 20 }, new FakeTimeProvider(), _ => { }, action => action());
            await log.FollowAsync(follower, TestContext.Current.CancellationToken);
            Operation operation = follower.Latest.Find(key) is { } entry
                ? new Extend(key, entry.CreatedRevision, entry.ValueLength, Some.Bytes("+"))
                : new Put(key, Some.Bytes("head"), Entry.MergeableContentType) { IsRewrite = true };
            await log.CommitAsync([Some.Transaction(operation)], TestContext.Current.CancellationToken);

            Assert.Equal(["a/1", "a/2", "a/3", "large", "m"], follower.Latest.Scan(default).Select(found => found.Key.ToString()));
            Assert.Equal(("value 3", "head" + new string('+', start)), (follower.Latest.Text("a/3"), follower.Latest.Text("m")));
            var large = follower.Latest.Find(Some.Key("large"))!.Value;
            Assert.Equal((1600, 2L, DateTimeOffset.UnixEpoch.AddYears(900)), (large.Value.Length, large.Version, large.ExpiresAt));
        }

        Assert.Equal(3, BitConverter.ToInt32(disk.Files[Name].Bytes[24..]));
        var last = disk.Files.Keys.Where(name => name.EndsWith(FileNames.Segment, StringComparison.Ordinal)).Max()!;
        Assert.Equal(4, BitConverter.ToInt32(disk.Files[last].Bytes[24..]));
        Assert.Equal(2, LogImage.SegmentsOf(LogImage.FilesOf(disk)).Length);
    }
}
