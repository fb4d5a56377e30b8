
namespace KvStore.SystemTests;

/// <summary>What a process leaves in the data directory for the next one, and what it refuses to begin with.</summary>
public sealed class DataDirectoryTests : IDisposable
{
    private const int DataUnusable = 4;
    private static readonly TimeSpan ExitTimeout = TimeSpan.FromSeconds(10);

    private readonly DataDirectory _data = new();

    public void Dispose() => _data.Dispose();

    [Fact]
    public async Task Terminate_ThenStart_KeepsEntriesAndHistory()
    {
        const int Keys = 300;
        var etags = new Dictionary<string, string?>();
        await using (var server = await _data.StartAsync())
        {
            using var connection = await RawConnection.ConnectAsync(server.Address);
            for (var i = 0; i < Keys; i++)
                etags[$"a/{i}"] = (await connection.PutAsync($"a/{i}", $"value {i}")).ETag;
            etags["a/0"] = (await connection.PutAsync("a/0", "again")).ETag;
            Assert.Equal(204, (await connection.ExchangeAsync("DELETE /v1/kv/a/1 HTTP/1.1\r\nHost: localhost\r\n\r\n")).Status);
            server.Send(Signal.Terminate);
            Assert.Equal(0, await server.WaitForExitAsync(ExitTimeout));
        }

        await using var next = await _data.StartAsync();
        using var reader = await RawConnection.ConnectAsync(next.Address);
        for (var i = 2; i < Keys; i++)
            Assert.Equal((200, $"value {i}", etags[$"a/{i}"]), Seen(await reader.GetAsync($"a/{i}")));
        Assert.Equal((200, "again", etags["a/0"]), Seen(await reader.GetAsync("a/0")));
        Assert.Equal(404, (await reader.GetAsync("a/1")).Status);
        Assert.Equal("value 1", (await reader.GetAsync($"a/1?revision={Keys}")).Text);
        Assert.Equal(Keys + 3, (await reader.PutAsync("b", "next")).Revision);
        Assert.DoesNotContain("Warning", next.Output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_DirectoryLocked_FailsAndFirstContinues()
    {
        await using var first = await _data.StartAsync();
        await using var second = _data.Launch();

        await AssertRefusedAsync(second, $"{_data.FullName} is in use by another process. Stop that process, or give this one a directory of its own.");
        Assert.True(await first.IsReadyAsync(TestContext.Current.CancellationToken));
    }

    /// <summary>/proc takes no files, not even from root.</summary>
    [Theory]
    [InlineData("/proc/kvstore", "Could not create the directory /proc/kvstore: No such file or directory")]
    [InlineData("/etc/hostname/data", "/etc/hostname is a file, so it cannot be or contain the data directory.")]
    public async Task Start_UnusableDirectory_FailsWithAdvice(string directory, string reason)
    {
        await using var server = ServerProcess.Launch(["--urls", "http://127.0.0.1:0", "--data", directory]);

        await AssertRefusedAsync(server, reason);
        Assert.Contains("choose another with --data", server.Error.ToString(), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Start_DirectoryOfOthers_IsRefusedUntouched()
    {
        Directory.CreateDirectory(Path.Combine(_data.FullName, "photos"));
        await File.WriteAllTextAsync(Path.Combine(_data.FullName, "readme.md"), "not ours", TestContext.Current.CancellationToken);
        await using var server = _data.Launch();

        await AssertRefusedAsync(server, $"{_data.FullName} has no data of KvStore: it has other files, such as photos and readme.md. Nothing was written to it.");
        Assert.Equal(2, Directory.GetFileSystemEntries(_data.FullName).Length);
    }

    [Fact]
    public async Task Start_DataIsFile_IsRefused()
    {
        await File.WriteAllTextAsync(_data.FullName, "a file", TestContext.Current.CancellationToken);
        await using var server = _data.Launch();
        await AssertRefusedAsync(server, $"{_data.FullName} is a file, so it cannot be or contain the data directory.");
    }

    [Fact]
    public async Task Kill_ThenStart_JumpsOverLostRevisions()
    {
        await WriteAsync(10, Signal.Kill);
        await using var server = await _data.StartAsync();
        using var connection = await RawConnection.ConnectAsync(server.Address);
        Assert.Equal("value 9", (await connection.GetAsync("a/9")).Text);
        Assert.Equal(10 + (1 << 24) + 1, (await connection.PutAsync("b", "next")).Revision);
    }

    [Fact]
    public async Task Start_DamagedFile_NamesPlaceAndFails()
    {
        await WriteAsync(100);
        var segment = _data.LastSegment;
        var bytes = await File.ReadAllBytesAsync(segment, TestContext.Current.CancellationToken);
        bytes[bytes.Length / 2] ^= 1;
        await File.WriteAllBytesAsync(segment, bytes, TestContext.Current.CancellationToken);

        await using var server = _data.Launch();
        await AssertRefusedAsync(server, $"{segment} is damaged at byte ");
        Assert.Contains("restore a backup", server.Error.ToString(), StringComparison.Ordinal);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(segment, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Start_TornTail_TruncatesAndLogs()
    {
        const int Keys = 100;
        await WriteAsync(Keys, Signal.Kill);
        var segment = _data.LastSegment;
        var end = DataDirectory.EndOfBytes(segment);
        using (var file = File.OpenWrite(segment))
            file.SetLength(end - 3);

        await using var server = await _data.StartAsync();
        var line = Assert.Single(server.Output.ToArray(), line => line.Contains("Warning", StringComparison.Ordinal));
        Assert.Matches(@"the last [1-9][0-9]* bytes of .*\.segment, from byte [0-9]+", line);
        using var reader = await RawConnection.ConnectAsync(server.Address);
        for (var i = 0; i < Keys - 1; i++)
            Assert.Equal(200, (await reader.GetAsync($"a/{i}")).Status);
        Assert.Equal(404, (await reader.GetAsync($"a/{Keys - 1}")).Status);
    }

    private static (int Status, string Text, string? ETag) Seen(Response answer) => (answer.Status, answer.Text, answer.ETag);

    private static async Task AssertRefusedAsync(ServerProcess server, string reason)
    {
        Assert.Equal(DataUnusable, await server.WaitForExitAsync(ServerProcess.StartTimeout));
        Assert.StartsWith("KvStore cannot start: " + reason, Assert.Single(server.Error.ToArray()), StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", server.Transcript, StringComparison.Ordinal);
        Assert.Contains(server.Output.ToArray(), line => line.Contains("Fatal", StringComparison.Ordinal) && line.Contains("cannot be used", StringComparison.Ordinal));
    }

    private async Task WriteAsync(int keys, Signal end = Signal.Terminate)
    {
        await using var server = await _data.StartAsync();
        using var connection = await RawConnection.ConnectAsync(server.Address);
        for (var i = 0; i < keys; i++)
            await connection.PutAsync($"a/{i}", $"value {i}");
        server.Send(end);
        await server.WaitForExitAsync(ExitTimeout);
    }
}
