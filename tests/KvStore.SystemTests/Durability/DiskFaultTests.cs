
namespace KvStore.SystemTests;

/// <summary>What clients and operators see when the disk fails below a real service.</summary>
[Trait("Needs", "packages")]
public sealed class DiskFaultTests : IAsyncLifetime
{
    private const int StoreFailed = 3;
    private static readonly TimeSpan ExitTimeout = TimeSpan.FromSeconds(10);

    private readonly DataDirectory _data = new();
    private FaultyDisk _disk = null!;

    public async ValueTask InitializeAsync() => _disk = await FaultyDisk.BuildAsync();

    public ValueTask DisposeAsync()
    {
        _data.Dispose();
        _disk.Dispose();
        return ValueTask.CompletedTask;
    }

    [Theory]
    [InlineData("pwrite")]
    [InlineData("fallocate")]
    public async Task Write_NoSpace_Is507UntilSpace(string function)
    {
        await using (var server = await _data.Launch(_disk, ("ReserveBytes", "0")).WhenReadyAsync())
        {
            using var connection = await RawConnection.ConnectAsync(server.Address);
            await connection.PutAsync("a", "before");
            _disk.Fail(function, FaultyDisk.NoSpaceLeft);
            for (var i = 0; i < 3; i++)
                AssertProblem(await connection.TryPutAsync("a", "refused"), 507, "no-space", "not-applied");
            AssertProblem(await connection.TryPutAsync("b", "refused"), 507, "no-space", "not-applied");
            Assert.Equal("before", (await connection.GetAsync("a")).Text);
            Assert.Equal(404, (await connection.GetAsync("b")).Status);
            Assert.True(await server.IsReadyAsync(TestContext.Current.CancellationToken));
            Assert.True((await connection.LogStatusAsync()).GetProperty("has_no_space").GetBoolean());

            _disk.Heal(function);
            await connection.PutAsync("c", "after");
            Assert.False((await connection.LogStatusAsync()).GetProperty("has_no_space").GetBoolean());
            await server.WaitForLineAsync(line => line.Contains("There is room on the disk again", StringComparison.Ordinal));
            Assert.Single(server.Output.ToArray(), line => line.Contains("Make room on that disk", StringComparison.Ordinal) && line.Contains("Warning", StringComparison.Ordinal));
            server.Send(Signal.Kill);
            await server.WaitForExitAsync(ExitTimeout);
        }

        await AssertStoredAsync(("a", "before"), ("b", null), ("c", "after"));
    }

    /// <summary>The outcome of the write that met the failure is unknown after a restart; every other one is known.</summary>
    [Theory]
    [InlineData("fdatasync")]
    [InlineData("pwrite")]
    public async Task Write_DiskFails_ClosesLogAndServesReads(string function)
    {
        await using (var server = await _data.Launch(_disk).WhenReadyAsync())
        {
            using var connection = await RawConnection.ConnectAsync(server.Address);
            await connection.PutAsync("a", "before");
            _disk.Fail(function, FaultyDisk.InputOutputError);
            AssertProblem(await connection.TryPutAsync("b", "unknown"), 504, "unknown-outcome", "unknown");
            _disk.Heal(function);

            // For good: that the disk works again does not bring back what it may have lost.
            for (var i = 0; i < 3; i++)
                AssertProblem(await connection.TryPutAsync("c", "refused"), 503, "unavailable", "not-applied");
            Assert.Equal("before", (await connection.GetAsync("a")).Text);
            Assert.Equal(404, (await connection.GetAsync("b")).Status);
            AssertProblem(await connection.CheckpointAsync(), 503, "unavailable", null);
            var ready = await connection.ExchangeAsync("GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n");
            AssertProblem(ready, 503, "unavailable", null);
            Assert.Contains("Input/output error", ready.Json.GetProperty("detail").GetString(), StringComparison.Ordinal);
            var log = await connection.LogStatusAsync();
            Assert.Equal("closed", log.GetProperty("state").GetString());
            Assert.Contains("restart the service", log.GetProperty("closed_reason").GetString(), StringComparison.Ordinal);
            Assert.Single(server.Output.ToArray(), line => line.Contains("\"Error\"", StringComparison.Ordinal) && line.Contains("restart the service", StringComparison.Ordinal));

            server.Send(Signal.Terminate);
            Assert.Equal(StoreFailed, await server.WaitForExitAsync(ExitTimeout));
        }

        await AssertStoredAsync(("a", "before"), ("c", null));
    }

    [Theory]
    [InlineData("fdatasync", FaultyDisk.InputOutputError, 503, "unavailable")]
    [InlineData("pwrite", FaultyDisk.NoSpaceLeft, 507, "no-space")]
    public async Task Checkpoint_DiskFails_IsReportedWithoutHarm(string function, int error, int status, string slug)
    {
        await using (var server = await _data.Launch(_disk).WhenReadyAsync())
        {
            using var connection = await RawConnection.ConnectAsync(server.Address);
            await connection.PutAsync("a", "1");
            _disk.Fail(function, error, ".checkpoint");
            AssertProblem(await connection.CheckpointAsync(), status, slug, null);
            Assert.Empty(Directory.GetFiles(_data.FullName, "*.checkpoint*"));
            await connection.PutAsync("b", "2");
            Assert.True(await server.IsReadyAsync(TestContext.Current.CancellationToken));
            await server.WaitForLineAsync(line => line.Contains("Warning", StringComparison.Ordinal) && line.Contains("what was on the disk before is whole", StringComparison.Ordinal));

            _disk.Heal(function);
            Assert.Equal(2, (await connection.CheckpointAsync()).Json.GetProperty("entries").GetInt64());
        }

        await AssertStoredAsync(("a", "1"), ("b", "2"));
    }

    [Fact]
    public async Task Start_LongLoad_ReportsProgress()
    {
        await using (var server = await _data.StartAsync())
        {
            using var connection = await RawConnection.ConnectAsync(server.Address);
            await connection.PutAsync("a", "1");
            await connection.CheckpointAsync();
            await connection.PutAsync("b", "2");
        }

        _disk.Hold("pread", ".checkpoint");
        await using var loading = _data.Launch(_disk);
        await loading.WaitUntilItListensAsync();
        using var client = await RawConnection.ConnectAsync(loading.Address);
        var ready = await client.ExchangeAsync("GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n");
        AssertProblem(ready, 503, "unavailable", null);
        Assert.Matches("still loading: [0-9]+ of [1-9][0-9]* bytes are read", ready.Json.GetProperty("detail").GetString());
        Assert.Equal("loading", (await client.LogStatusAsync()).GetProperty("state").GetString());
        AssertProblem(await client.TryPutAsync("a", "refused"), 503, "unavailable", "not-applied");
        AssertProblem(await client.CheckpointAsync(), 503, "unavailable", null);
        Assert.Equal(503, (await client.GetAsync("a")).Status);
        await loading.WaitForLineAsync(line => line.Contains("Still loading: ", StringComparison.Ordinal));

        _disk.Heal("pread");
        await loading.WaitUntilReadyAsync();
        Assert.Equal("1", (await client.GetAsync("a")).Text);
        Assert.Equal("2", (await client.GetAsync("b")).Text);
    }

    [Fact]
    public async Task Terminate_WhileLoading_ExitsWith0()
    {
        await using (var server = await _data.StartAsync())
        {
            using var connection = await RawConnection.ConnectAsync(server.Address);
            await connection.PutAsync("a", "1");
        }

        _disk.Hold("pread", ".segment");
        await using (var loading = _data.Launch(_disk))
        {
            await loading.WaitUntilItListensAsync();
            loading.Send(Signal.Terminate);
            _disk.Heal("pread");
            Assert.Equal(0, await loading.WaitForExitAsync(ExitTimeout));
            Assert.Empty(loading.Error.ToArray());
        }

        await AssertStoredAsync(("a", "1"));
    }

    [Fact]
    public async Task Start_UnreadableDisk_Fails()
    {
        await using (var server = await _data.StartAsync())
        {
            using var connection = await RawConnection.ConnectAsync(server.Address);
            await connection.PutAsync("a", "1");
        }

        _disk.Fail("pread", FaultyDisk.InputOutputError);
        await using (var refused = _data.Launch(_disk))
        {
            Assert.Equal(4, await refused.WaitForExitAsync(ServerProcess.StartTimeout));
            Assert.Contains("Input/output error", Assert.Single(refused.Error.ToArray()), StringComparison.Ordinal);
        }

        _disk.Heal("pread");
        await AssertStoredAsync(("a", "1"));
    }

    private static void AssertProblem(Response answer, int status, string slug, string? outcome)
    {
        Assert.True(answer.Status == status, $"{status} was expected: {answer}");
        var problem = answer.Json;
        Assert.Equal("/docs/http-api#" + slug, problem.GetProperty("type").GetString());
        Assert.Equal(outcome, problem.TryGetProperty("outcome", out var said) ? said.GetString() : null);
    }

    private async Task AssertStoredAsync(params (string Key, string? Value)[] entries)
    {
        await using var server = await _data.StartAsync();
        using var connection = await RawConnection.ConnectAsync(server.Address);
        foreach (var (key, value) in entries)
        {
            var answer = await connection.GetAsync(key);
            Assert.Equal((key, value), (key, answer.Status == 200 ? answer.Text : null));
        }
    }
}
