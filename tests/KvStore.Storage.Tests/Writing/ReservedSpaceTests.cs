namespace KvStore.Storage.Tests;

/// <summary>What is written before a frame comes there, so that flushes are short.</summary>
public sealed class ReservedSpaceTests : IAsyncDisposable
{
    private const int ValueBytes = 8_000;

    private FakeDiskLog _fake = new(Options());

    public ValueTask DisposeAsync() => _fake.DisposeAsync();

    [Fact]
    public async Task Commit_SmallFrames_WritesZerosOnceForMany()
    {
        await OpenAsync();
        const int Frames = (10 * ReservedSpace.ZerosBytes / ValueBytes) + 1;
        var writes = await CountWritesAsync(Frames, ValueBytes);
        Assert.InRange(writes - Frames, 9, 11);
        await _fake.ReopensAsTheSameAsync();
    }

    [Fact]
    public async Task Commit_LittleReserved_WritesZerosNoFurther()
    {
        const int Reserved = ReservedSpace.ZerosBytes * 3 / 4;
        _fake = new(Options() with { ReserveBytes = Reserved, EmergencyReserveBytes = 0 });
        await OpenAsync();
        Assert.Equal(2, await CountWritesAsync(2, ValueBytes));
        Assert.InRange(_fake.Disk.Files.Values.Max(file => file.Length), Reserved, Reserved + 4096);
    }

    [Fact]
    public async Task Commit_LargeFrames_WritesNoZeros()
    {
        await OpenAsync();
        await _fake.CommitAsync(Some.Put("k", "v"));
        await CountWritesAsync(1, ReservedSpace.ZerosBytes);
        Assert.Equal(10, await CountWritesAsync(10, ReservedSpace.ZerosBytes));
    }

    [Fact]
    public async Task Commit_FlushesByTime_WritesNoZeros()
    {
        _fake = new(Options() with { FlushMode = FlushMode.Interval });
        await OpenAsync();
        Assert.Equal(100, await CountWritesAsync(100, ValueBytes));
    }

    // The zeros are written between a frame and its flush, so each of these power cuts leaves some of them.
    [Fact]
    public async Task Start_AfterPowerCutsAmongZeros_HasEverything()
    {
        await OpenAsync();
        for (var i = 0; i < 20; i++)
        {
            await CountWritesAsync(2 * ReservedSpace.ZerosBytes / ValueBytes / (i + 1), ValueBytes);
            _fake.Has(await _fake.CutPowerAsync());
        }
    }

    [Fact]
    public async Task Commit_NoRoomForZeros_AppliesAndReopens()
    {
        _fake.Disk.CanReserve = false;
        _fake.Disk.CapacityBytes = ReservedSpace.ZerosBytes / 2;
        await OpenAsync();
        for (var i = 0; i < ReservedSpace.ZerosBytes / 4 / ValueBytes; i++)
            await _fake.CommitAsync(Some.Put($"k{i}", new string('v', ValueBytes)));
        Assert.False(_fake.Log.Status.HasNoSpace);
        await _fake.ReopensAsTheSameAsync();
    }

    private static DiskLogOptions Options() => new() { Directory = "/fake" };

    private Task OpenAsync() => _fake.OpenAsync();

    // Each frame is written in one piece.
    private async Task<int> CountWritesAsync(int frames, int valueBytes)
    {
        var writes = 0;
        _fake.Disk.After = (operation, _) => writes += operation == DiskOperation.Write ? 1 : 0;
        for (var i = 0; i < frames; i++)
            await _fake.CommitAsync(Some.Put($"k{i % 7}", new string('v', valueBytes)));
        _fake.Disk.After = (_, _) => { };
        return writes;
    }
}
