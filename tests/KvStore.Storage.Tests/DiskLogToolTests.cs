
namespace KvStore.Storage.Tests;

/// <summary>What an operator can find out and save when a start is refused.</summary>
public sealed class DiskLogToolTests
{
    [Fact]
    public async Task Verify_IntactLog_ReportsContents()
    {
        var disk = LogImage.DiskOf(await LogImage.MakeAsync(hasCheckpoint: true, isClosed: false));
        var before = Describe(disk);
        var report = DiskLogTool.Verify(disk.Start());

        Assert.Equal((24, 0, null), (report.Revision, report.TornTail?.Bytes ?? 0, report.Damage));
        Assert.Equal(before, Describe(disk));
    }

    [Fact]
    public async Task Verify_TornTail_ReportsTruncation()
    {
        var files = await LogImage.MakeAsync(hasCheckpoint: false, isClosed: true);
        var last = LogImage.SegmentsOf(files)[^1];
        files[last] = files[last][..^10];
        var report = DiskLogTool.Verify(LogImage.DiskOf(files).Start());

        // A marker without its end, whose last bytes may be zeros.
        Assert.Equal((24, null), (report.Revision, report.Damage));
        Assert.InRange(report.TornTail!.Bytes, 25, 38);
    }

    [Fact]
    public async Task Verify_TruncatedAnywhere_ReportsRecoveredRevision()
    {
        var files = await LogImage.MakeAsync(hasCheckpoint: false, isClosed: true);
        var last = LogImage.SegmentsOf(files)[^1];
        for (var length = FileHeader.CurrentBytes; length < files[last].Length; length++)
        {
            Dictionary<string, byte[]> cut = new(files) { [last] = files[last][..length] };
            Assert.Equal(LogImage.RecoveredRevision(LogImage.Open(cut)), DiskLogTool.Verify(LogImage.DiskOf(cut).Start()).Revision);
        }
    }

    [Fact]
    public async Task Repair_DamageInMiddleSegment_KeepsPrefix()
    {
        var files = await LogImage.MakeAsync(hasCheckpoint: false, isClosed: true);
        var names = LogImage.SegmentsOf(files);
        files[names[1]][^20] ^= 1;
        var disk = LogImage.DiskOf(files);
        var found = DiskLogTool.Verify(disk.Start());
        Assert.Equal($"/fake/{names[1]}", found.Damage!.Path);

        var repaired = DiskLogTool.Repair(disk.Start());
        Assert.Equal((found.Revision, found.Entries, null), (repaired.Revision, repaired.Entries, repaired.Damage));
        Assert.Equal(names[1..].Select(name => name + ".damaged"), repaired.SetAside.Order());
        Assert.InRange(repaired.Revision, 1, 23);
        Assert.Equal(repaired.Revision, LogImage.RecoveredRevision(LogImage.Open(disk.Files.ToDictionary(file => file.Key, file => file.Value.Bytes.ToArray()))));
    }

    [Fact]
    public async Task Repair_AnyBitFlipped_OpensOrFails()
    {
        var files = await LogImage.MakeAsync(hasCheckpoint: true, isClosed: true);
        foreach (var (name, bytes) in files)
        {
            for (var at = 0; at < bytes.Length; at++)
            {
                var damaged = bytes.ToArray();
                damaged[at] ^= 0x10;
                var disk = LogImage.DiskOf(new(files) { [name] = damaged });
                try
                {
                    var report = DiskLogTool.Repair(disk.Start());
                    Assert.Equal(report.Revision, LogImage.RecoveredRevision(LogImage.Open(disk.Files.ToDictionary(file => file.Key, file => file.Value.Bytes.ToArray()))));
                }
                catch (DiskLogException)
                {
                    Assert.EndsWith(".checkpoint", name, StringComparison.Ordinal);
                }
            }
        }
    }

    private static string Describe(FakeDisk disk) =>
        string.Join('\n', disk.Files.OrderBy(file => file.Key).Select(file => $"{file.Key} {Convert.ToHexString(file.Value.Bytes)}"));
}
