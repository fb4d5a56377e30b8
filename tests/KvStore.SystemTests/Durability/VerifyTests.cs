namespace KvStore.SystemTests;

/// <summary>What <c>verify</c> and a start say of a directory in which something is missing or does not belong, with the exit code of both.</summary>
public sealed class VerifyTests : IDisposable
{
    private const int DataUnusable = 4;

    private readonly DataDirectory _data = new();
    private readonly DataDirectory _other = new();

    public void Dispose()
    {
        _data.Dispose();
        _other.Dispose();
    }

    [Fact]
    public async Task Verify_NoData_Fails()
    {
        Directory.CreateDirectory(_data.FullName);
        await FailsAsync("has no data of KvStore: it is empty. Name the data directory with --data.");
        Assert.Empty(Directory.GetFileSystemEntries(_data.FullName));

        await File.WriteAllTextAsync(Path.Combine(_data.FullName, "readme.md"), "not ours", TestContext.Current.CancellationToken);
        await FailsAsync("has no data of KvStore: it has other files, such as readme.md.");
        Assert.Single(Directory.GetFileSystemEntries(_data.FullName));
    }

    [Fact]
    public async Task Verify_DataIsFile_Fails()
    {
        await File.WriteAllTextAsync(_data.FullName, "a file", TestContext.Current.CancellationToken);
        await FailsAsync("is a file, so it cannot be or contain the data directory.");
    }

    [Fact]
    public async Task VerifyAndStart_FileMissing_FindTheSame()
    {
        await WriteAsync(_data);
        var segments = Directory.GetFiles(_data.FullName, "*.segment").Order(StringComparer.Ordinal).ToArray();
        Assert.InRange(segments.Length, 3, 100);
        await RefusedWithoutAsync(segments[^1], $"{segments[^2]} is damaged at byte ", $"the log continues in {Path.GetFileName(segments[^1])}, and that is missing");
        await RefusedWithoutAsync(segments[1], $"{segments[2]} is damaged at byte ", "continues from revision");
        await RefusedWithoutAsync(segments[0], $"{segments[1]} is damaged: ", "is missing before it");
        await RefusedWithoutAsync(Path.Combine(_data.FullName, "store"), $"{Path.Combine(_data.FullName, "store")} is damaged: ", "it is missing beside the files of store ");
        Assert.Equal(0, (await _data.RunAsync("verify")).ExitCode);
    }

    [Fact]
    public async Task VerifyAndStart_FileOfAnotherStore_NameBoth()
    {
        await WriteAsync(_data);
        await WriteAsync(_other);
        var segment = _data.LastSegment;
        File.Copy(Path.Combine(_other.FullName, Path.GetFileName(segment)), segment, overwrite: true);
        await RefusedAsync($"{segment} is damaged at byte 0: ", "and this directory has store ");
    }

    [Fact]
    public async Task Repair_NothingToKeep_SaysOnceThatBackupIsNeeded()
    {
        await WriteAsync(_data);
        foreach (var segment in Directory.GetFiles(_data.FullName, "*.segment"))
            File.Delete(segment);
        var (code, said) = await _data.RunAsync("repair");
        Assert.Equal(DataUnusable, code);
        Assert.Single(said.Split('\n'), line => line.Contains("is damaged: every store has a segment", StringComparison.Ordinal));
        Assert.EndsWith("This cannot be repaired: restore a backup.", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Repair_StoreFileMissing_LosesNothing()
    {
        await WriteAsync(_data);
        File.Delete(Path.Combine(_data.FullName, "store"));
        var (code, said) = await _data.RunAsync("repair");
        Assert.Equal(0, code);
        Assert.EndsWith($"Repaired: {_data.FullName} has 300 entries at revision 300.", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NewStoreId_Copy_StartsAsAnotherStore()
    {
        await WriteAsync(_data);
        var (code, said) = await _data.RunAsync("new-store-id");
        Assert.Equal(0, code);
        Assert.Matches($"^{_data.FullName} is store [0-9a-f]{{16}} now\\.$", said);
        Assert.Equal(0, (await _data.RunAsync("verify")).ExitCode);
        await using var server = await _data.StartAsync();
        using var connection = await RawConnection.ConnectAsync(server.Address);
        Assert.Equal(200, (await connection.GetAsync("99")).Status);
    }

    private static async Task WriteAsync(DataDirectory data)
    {
        await using var server = await data.StartAsync(("SegmentBytesMax", "4096"));
        using var connection = await RawConnection.ConnectAsync(server.Address);
        for (var i = 0; i < 300; i++)
            await connection.PutAsync($"{i}", $"{i}");
        server.Send(Signal.Terminate);
        Assert.Equal(0, await server.WaitForExitAsync(ServerProcess.StartTimeout));
    }

    private async Task RefusedWithoutAsync(string path, string start, string reason)
    {
        File.Move(path, path + ".away");
        await RefusedAsync(start, reason);
        File.Move(path + ".away", path);
    }

    private async Task RefusedAsync(string start, string reason)
    {
        var (code, said) = await _data.RunAsync("verify");
        Assert.Equal(DataUnusable, code);
        Assert.StartsWith(start, said, StringComparison.Ordinal);
        Assert.Contains(reason, said, StringComparison.Ordinal);

        await using var server = _data.Launch();
        Assert.Equal(DataUnusable, await server.WaitForExitAsync(ServerProcess.StartTimeout));
        Assert.Equal("KvStore cannot start: " + said.Split('\n')[0], Assert.Single(server.Error.ToArray()));
    }

    private async Task FailsAsync(string reason)
    {
        var (code, said) = await _data.RunAsync("verify");
        Assert.Equal(DataUnusable, code);
        Assert.StartsWith($"{_data.FullName} {reason}", said, StringComparison.Ordinal);
    }
}
