using System.IO.Compression;

namespace KvStore.Storage.Tests;

/// <summary>Logs of version 0.1.0, which wrote format 1: four short values and one of 1,600 zeros.</summary>
public sealed class Format1Tests
{
    // Compressed, and without the zeros at the end.
    private const string Killed =
        "8y4LLskvCk5nZIAARatHhe5vOW1B/P7f8/6lFeUagtiGDKgApl4BSq8UjszQBNKy6bqlTDBJZgZGU60MiUVAPleivkFJakWJfkFOYmZeWWJOaaqCAbrhMH1MULoWSk9Y90MHZPiVxfOeMDEhDG9CGG6IbrghuuEIfRBwC0pf5b+jBzJ8mvETSSZmhOETEIYboRtuhG44TB8LlDaHeiUs8HUsyPBk3ex1TCwIw2chDDdGN9wYZngOG6qhrFB6CtRwyadOQSlANVJKvLpMrHBFjCtghlelFuUXI4wHAA==";

    private const string Closed =
        "8y4LLskvCk5nZICAuvdqkdNcNn4G8Y1id/CkFeUagtiGDKgApl4BStdKLs3UBNIz3T7dZIJJMjMwShlkSCwC8rkS9Q1KUitK9AtyEjPzyhJzSlMVDNANh+ljghkKpV2WsOiCDHf0XT+ViQlh+FyE4YbohhuiG47QBwG3YJayKuiDDL+RdvE4EzPC8BsIw43QDTdCNxymjwVKm0O90hQtHgMyXChi9lUmFoThjoZww43RDTeGGZ7DhmooK5SeAjX87Pt9wSlANTuOejkxscIVMXrBDK9KLcovRhjPMApGwSgYBaNgFJABQPUSMp8VjdbhgNDlrFL+AA==";

    private const string Name = "00000000000000000001.segment";
    private const int LastFrame = 404;
    private const int LastFrameEnd = 2092;
    private const int HeaderBytes = 44;

    [Theory]
    [InlineData(Killed)]
    [InlineData(Closed)]
    public void Follow_Format1_ContinuesInNewSegment(string compressed)
    {
        var disk = DiskOf(Decompress(compressed));
        for (var start = 0; start < 2; start++)
        {
            var latest = Open(disk);
            Assert.Equal("value 3", latest.Text("a/3"));
            Assert.Equal(new string('\0', 1600), latest.Text("zeros"));
        }

        Assert.Equal(1, BitConverter.ToInt32(disk.Files[Name].Bytes[24..]));
        var last = disk.Files.Keys.Where(name => name.EndsWith(".segment", StringComparison.Ordinal)).Max()!;
        Assert.Equal(FileHeader.CurrentFormat, BitConverter.ToUInt32(disk.Files[last].Bytes[24..]));
    }

    [Fact]
    public void Follow_Format1WithoutCommits_IsReplaced()
    {
        var disk = DiskOf(Decompress(Closed)[..32]);
        Assert.Equal(0, LogImage.RecoveredRevision(Open(disk)));
        Assert.Equal(FileHeader.CurrentFormat, BitConverter.ToUInt32(disk.Files[Name].Bytes[24..]));
        Assert.Single(disk.Files.Keys, name => name.EndsWith(".segment", StringComparison.Ordinal));
    }

    [Fact]
    public void Follow_Format1LastBatchCutShort_Cuts()
    {
        var bytes = Decompress(Killed);
        for (var length = LastFrame + 1; length < LastFrameEnd; length++)
            Assert.Equal(4, LogImage.RecoveredRevision(Open(DiskOf(bytes[..length]))));
    }

    // Only the length's own sector is suspect, not the zeros of the value.
    [Fact]
    public void Follow_Format1LengthFlipped_IsDamage()
    {
        for (var bit = 0; bit < 32; bit++)
        {
            var damaged = Decompress(Killed);
            damaged[LastFrame + HeaderBytes + (bit / 8)] ^= (byte)(1 << (bit % 8));
            if (BitConverter.ToInt32(damaged, LastFrame + HeaderBytes) is < 1 or > LastFrameEnd - LastFrame)
                Assert.Throws<DiskLogException>(() => Open(DiskOf(damaged)));
        }
    }

    private static byte[] Decompress(string compressed)
    {
        using var bytes = new MemoryStream();
        using (var stream = new DeflateStream(new MemoryStream(Convert.FromBase64String(compressed)), CompressionMode.Decompress))
            stream.CopyTo(bytes);
        bytes.SetLength(Math.Max(bytes.Length, LastFrameEnd));
        return bytes.ToArray();
    }

    private static FakeDisk DiskOf(byte[] bytes)
    {
        var disk = new FakeDisk(new Random(1));
        disk.Create(Name);
        disk.Files[Name].Set(bytes);
        return disk;
    }

    private static Snapshot Open(FakeDisk disk)
    {
        var follower = new SnapshotPublisher(new StoreOptions(), new FakeTimeProvider());
        var core = new LogCore(disk.Start(), LogImage.Options, new FakeTimeProvider(), _ => { }, action => action());
        core.Open(follower, new LoadProgress(CancellationToken.None));
        core.Finish();
        return follower.Latest;
    }
}
