using System.Text.Json;

namespace KvStore.SystemTests;

/// <summary>The procedures of docs/operations.md with real processes: backup, restore, verify and repair.</summary>
public sealed class BackupTests : IDisposable
{
    private const int DataUnusable = 4;
    private static readonly TimeSpan ExitTimeout = TimeSpan.FromSeconds(10);

    private readonly DataDirectory _data = new();
    private readonly DataDirectory _backup = new();

    public void Dispose()
    {
        _data.Dispose();
        _backup.Dispose();
    }

    [Fact]
    public async Task Backup_DuringWrites_RestoresAcknowledgedEntries()
    {
        const int Before = 500;
        JsonElement checkpoint;
        await using (var server = await _data.StartAsync())
        {
            using var connection = await RawConnection.ConnectAsync(server.Address);
            for (var i = 0; i < Before; i++)
                await connection.PutAsync($"before/{i}", $"{i}");

            using var end = new CancellationTokenSource();
            var writing = WriteUntilAsync(server.Address, end.Token);
            checkpoint = (await connection.CheckpointAsync()).Json;
            var file = checkpoint.GetProperty("file").GetString()!;
            Directory.CreateDirectory(_backup.FullName);
            File.Copy(Path.Combine(_data.FullName, file), Path.Combine(_backup.FullName, file));
            await end.CancelAsync();
            Assert.True(await writing > 0);
        }

        var found = $"{checkpoint.GetProperty("entries")} entries at revision {checkpoint.GetProperty("revision")}";
        Assert.Equal((0, $"{_backup.FullName} is good: {found}."), await _backup.RunAsync("verify"));

        await using var restored = await _backup.StartAsync();
        using var reader = await RawConnection.ConnectAsync(restored.Address);
        for (var i = 0; i < Before; i++)
            Assert.Equal($"{i}", (await reader.GetAsync($"before/{i}")).Text);
        var status = (await reader.ExchangeAsync("GET /v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n")).Json;
        Assert.Equal(checkpoint.GetProperty("entries").GetInt64(), status.GetProperty("keys").GetInt64());
        Assert.True((await reader.PutAsync("after", "restore")).Revision > checkpoint.GetProperty("revision").GetInt64());
    }

    [Fact]
    public async Task Repair_DamagedLog_KeepsPrefix()
    {
        const int Keys = 100;
        await using (var server = await _data.StartAsync())
        {
            using var connection = await RawConnection.ConnectAsync(server.Address);
            for (var i = 0; i < Keys; i++)
                await connection.PutAsync($"{i}", $"{i}");
            server.Send(Signal.Terminate);
            Assert.Equal(0, await server.WaitForExitAsync(ExitTimeout));
        }

        var segment = _data.LastSegment;
        var damaged = await File.ReadAllBytesAsync(segment, TestContext.Current.CancellationToken);
        damaged[damaged.Length / 2] ^= 1;
        await File.WriteAllBytesAsync(segment, damaged, TestContext.Current.CancellationToken);

        var (verifyCode, verified) = await _data.RunAsync("verify");
        Assert.Equal(DataUnusable, verifyCode);
        Assert.Matches($@"(?s)^{segment} is damaged at byte \d+.*\nBefore the damage: \d+ entries at revision \d+\.$", verified);

        var (repairCode, repaired) = await _data.RunAsync("repair");
        Assert.Equal(0, repairCode);
        Assert.Contains($"{Path.GetFileName(segment)}.damaged", repaired, StringComparison.Ordinal);
        Assert.Equal(damaged, await File.ReadAllBytesAsync(segment + ".damaged", TestContext.Current.CancellationToken));

        await using var next = await _data.StartAsync();
        using var reader = await RawConnection.ConnectAsync(next.Address);
        var kept = 0;
        while ((await reader.GetAsync($"{kept}")).Status == 200)
            kept++;
        Assert.InRange(kept, Keys / 4, Keys - 1);
        Assert.Contains($"has {kept} entries at revision {kept}", repaired, StringComparison.Ordinal);
        for (var i = kept; i < Keys; i++)
            Assert.Equal(404, (await reader.GetAsync($"{i}")).Status);
    }

    [Fact]
    public async Task Verify_DirectoryInUseOrAbsent_Fails()
    {
        var (absentCode, absent) = await _data.RunAsync("verify");
        Assert.Equal((DataUnusable, $"There is no directory {_data.FullName}. Name the data directory with --data."), (absentCode, absent));
        Assert.False(Directory.Exists(_data.FullName));

        await using var server = await _data.StartAsync();
        foreach (var command in new[] { "verify", "repair" })
        {
            var (code, said) = await _data.RunAsync(command);
            Assert.Equal(DataUnusable, code);
            Assert.Contains("is in use by another process", said, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Verify_ReadOnlyMedium_ReportsLock()
    {
        using var disk = await FaultyDisk.BuildAsync();
        disk.Fail("open", FaultyDisk.ReadOnlyFileSystem);
        await using (var server = await _data.StartAsync())
        {
            using var connection = await RawConnection.ConnectAsync(server.Address);
            await connection.PutAsync("a", "value");
            var file = (await connection.CheckpointAsync()).Json.GetProperty("file").GetString()!;
            Directory.CreateDirectory(_backup.FullName);
            File.Copy(Path.Combine(_data.FullName, file), Path.Combine(_backup.FullName, file));
            Assert.Contains("is in use by another process", (await _data.RunAsync("verify", disk)).Output, StringComparison.Ordinal);
        }

        Assert.Equal((0, $"{_data.FullName} is good: 1 entries at revision 1."), await _data.RunAsync("verify", disk));

        var (code, said) = await _backup.RunAsync("verify", disk);
        Assert.Equal(
            (0, $"{_backup.FullName} cannot be written, so it could not be locked: the report is valid only if no service used it meanwhile.\n{_backup.FullName} is good: 1 entries at revision 1."),
            (code, said));
        Assert.Single(Directory.GetFiles(_backup.FullName));
    }

    private static async Task<int> WriteUntilAsync(Uri address, CancellationToken end)
    {
        using var connection = await RawConnection.ConnectAsync(address);
        var count = 0;
        do
            await connection.PutAsync($"while/{count++}", "x");
        while (!end.IsCancellationRequested);
        return count;
    }
}
