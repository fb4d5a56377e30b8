using System.Diagnostics;

namespace KvStore.SystemTests;

/// <summary>A file system of a few mebibytes that really is full. It needs root to mount one; without, <see cref="DiskFaultTests"/> stand in.</summary>
public sealed class FullDiskTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("kvstore-test-").FullName;

    public void Dispose()
    {
        // Lazily, so that nothing stays mounted, not even if a process still has a file open.
        Run("umount", "--lazy", MountPoint);
        Directory.Delete(_root, recursive: true);
    }

    private string MountPoint => Path.Combine(_root, "disk");

    [Theory]
    [InlineData("tmpfs")]
    [InlineData("ext4")]
    public async Task Write_DiskFull_IsRejectedThenRecovers(string fileSystem)
    {
        Assert.SkipUnless(TryMount(fileSystem), $"{fileSystem} cannot be mounted here.");
        var data = Path.Combine(MountPoint, "data");
        var filler = Path.Combine(MountPoint, "filler");
        await File.WriteAllBytesAsync(filler, new byte[10 << 20], TestContext.Current.CancellationToken);
        (string Name, string Value)[] settings = [("Data", data), ("SegmentBytesMax", "262144"), ("ReserveBytes", "65536"), ("CheckpointLogBytesMin", "1048576"), ("CheckpointRetryDelay", "00:00:00")];
        var value = new string('v', 3000);
        var stored = 0;
        await using (var server = await ServerProcess.StartAsync(settings))
        {
            using var connection = await RawConnection.ConnectAsync(server.Address);
            Response answer;
            while ((answer = await connection.TryPutAsync($"{stored}", value + stored)).IsSuccess)
                stored++;
            Assert.True(answer.Status == 507, $"{answer}");
            Assert.InRange(stored, 100, 10_000);
            Assert.Equal(value + 0, (await connection.GetAsync("0")).Text);
            Assert.Equal(404, (await connection.GetAsync($"{stored}")).Status);
            Assert.Equal(507, (await connection.CheckpointAsync()).Status);

            File.Delete(filler);
            for (var i = 0; i < 100; i++)
                await connection.PutAsync($"{stored}", value + stored++);
            Assert.Equal(200, (await connection.CheckpointAsync()).Status);
            server.Send(Signal.Kill);
            await server.WaitForExitAsync(TimeSpan.FromSeconds(10));
        }

        await using var next = await ServerProcess.StartAsync(settings);
        using var reader = await RawConnection.ConnectAsync(next.Address);
        for (var i = 0; i < stored; i++)
            Assert.Equal(value + i, (await reader.GetAsync($"{i}")).Text);
        Assert.Equal(404, (await reader.GetAsync($"{stored}")).Status);
    }

    /// <summary>Without more disk: everything is deleted, also after a restart, and the checkpoint that begins by itself makes space.</summary>
    [Theory(Timeout = 120_000)]
    [InlineData("tmpfs")]
    [InlineData("ext4")]
    public async Task Delete_DiskFull_MakesSpace(string fileSystem)
    {
        Assert.SkipUnless(TryMount(fileSystem), $"{fileSystem} cannot be mounted here.");
        (string Name, string Value)[] settings = [("Data", Path.Combine(MountPoint, "data")), ("CheckpointRetryDelay", "00:00:00")];

        // Large values, because each deletion then tries a checkpoint, and a flush of a loop device takes long.
        var value = new string('v', 100_000);
        var stored = 0;
        await using (var server = await ServerProcess.StartAsync(settings))
        {
            using var connection = await RawConnection.ConnectAsync(server.Address);
            while ((await connection.TryPutAsync($"{stored}", value + stored)).IsSuccess)
                stored++;
            Assert.Equal(507, (await connection.CheckpointAsync()).Status);
        }

        await using var next = await ServerProcess.StartAsync(settings);
        using var client = await RawConnection.ConnectAsync(next.Address);
        Assert.Equal(507, (await client.TryPutAsync("more", value)).Status);
        for (var i = 0; i < stored; i++)
        {
            Assert.Equal(value + i, (await client.GetAsync($"{i}")).Text);
            Assert.True((await client.ExchangeAsync($"DELETE /v1/kv/{i} HTTP/1.1\r\nHost: localhost\r\n\r\n")).IsSuccess, $"{i} of {stored} was not deleted.");
        }

        // The last checkpoint may still be running.
        while (!(await client.TryPutAsync("0", value)).IsSuccess)
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
        for (var i = 1; i < stored / 2; i++)
            await client.PutAsync($"{i}", value + i);
        Assert.False((await client.LogStatusAsync()).GetProperty("has_no_space").GetBoolean());
    }

    /// <summary>16 MiB: room for what the test writes, its checkpoint, and a filler that is taken away.</summary>
    private bool TryMount(string fileSystem)
    {
        Directory.CreateDirectory(MountPoint);
        if (fileSystem == "tmpfs")
            return Run("mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", MountPoint);
        var image = Path.Combine(_root, "image");
        return Run("truncate", "-s", "16M", image) && Run("mkfs.ext4", "-q", "-m", "0", image) && Run("mount", "-o", "loop", image, MountPoint);
    }

    private static bool Run(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
            process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
