
namespace KvStore.SystemTests;

/// <summary>kill -9 at any moment: acknowledged writes are there, and only writes that were sent.</summary>
public sealed class KillTests : IDisposable
{
    private static readonly TimeSpan ExitTimeout = TimeSpan.FromSeconds(10);

    // So small that the log rolls in every round.
    private static readonly (string Name, string Value)[] Settings =
    [
        ("SegmentBytesMax", "200000"), ("ReserveBytes", "20000"), ("CheckpointLogBytesMin", "20000000"), ("CheckpointRetryDelay", "00:00:00"),
    ];

    private readonly DataDirectory _data = new();

    private bool HasUnfinishedCheckpoint => Directory.GetFiles(_data.FullName, "*.checkpoint.tmp").Length > 0;

    public void Dispose() => _data.Dispose();

    [Fact]
    public async Task Kill_LoadRecoveryOrCheckpoint_KeepsAcknowledgedWrites()
    {
        var rounds = Environment.GetEnvironmentVariable("KVSTORE_TEST_LONG") == "1" ? 100 : 9;
        var random = Seed.NewRandom();
        var writers = new Writers(random, writers: 8, keysPerWriter: 25, valueBytesMax: 30_000);
        var kills = new Dictionary<string, int>();
        for (var round = 0; round < rounds; round++)
        {
            for (var i = random.Next(3); i > 0; i--)
                Count(await KillWhileItStartsAsync(random));
            Count(await WriteAndKillAsync(writers, random, (CheckpointPart)(round % 3)));
        }

        await using var server = await _data.StartAsync(Settings);
        await writers.CheckAsync(server.Address);
        Assert.True(writers.Revision > rounds * 20);
        TestContext.Current.TestOutputHelper?.WriteLine($"{rounds} rounds, revision {writers.Revision}; killed {string.Join(", ", kills)}");
        Assert.True(kills.GetValueOrDefault("within a checkpoint") >= rounds / 4);

        void Count(string kill) => kills[kill] = kills.GetValueOrDefault(kill) + 1;
    }

    private enum CheckpointPart
    {
        None,
        Begun,
        Done,
    }

    private async Task<string> WriteAndKillAsync(Writers writers, Random random, CheckpointPart part)
    {
        // A checkpoint that is to be interrupted lasts for seconds, so that it is still running when the kill comes.
        var checkpointRate = part == CheckpointPart.Begun ? "300000" : "3000000";
        await using var server = await _data.StartAsync(
            [.. Settings, ("CheckpointBytesPerSecondMax", checkpointRate), ("FlushMode", random.Next(2) == 0 ? "always" : "interval")]);
        await writers.CheckAsync(server.Address);
        var enough = writers.AnsweredAsync(random.Next(20, 300));
        var writing = writers.WriteAsync(server.Address);
        await enough;
        if (part == CheckpointPart.Begun)
            await BeginCheckpointAsync(server);
        if (part == CheckpointPart.Done)
            await MakeCheckpointAsync(server, writers, random.Next(1, 100));
        server.Send(Signal.Kill);
        await server.WaitForExitAsync(ExitTimeout);
        await writing;

        // The log may have begun one by itself, too.
        return part == CheckpointPart.Done ? "after a checkpoint"
            : HasUnfinishedCheckpoint ? "within a checkpoint"
            : "between checkpoints";
    }

    private static async Task MakeCheckpointAsync(ServerProcess server, Writers writers, int writesAfter)
    {
        using var asking = await RawConnection.ConnectAsync(server.Address);
        Assert.Equal(200, (await asking.CheckpointAsync()).Status);
        await writers.AnsweredAsync(writesAfter);
    }

    /// <summary>Returns when the file of the checkpoint is there, because the log reports a running checkpoint before that, or the checkpoint is done.</summary>
    private async Task BeginCheckpointAsync(ServerProcess server)
    {
        using var asking = await RawConnection.ConnectAsync(server.Address);
        var checkpoint = asking.CheckpointAsync();
        await server.WaitUntilAsync(_ => Task.FromResult(checkpoint.IsCompleted || HasUnfinishedCheckpoint));
    }

    /// <summary>At the line that says that loading begins, or that it has ended, so at any moment around recovery.</summary>
    private async Task<string> KillWhileItStartsAsync(Random random)
    {
        var moment = random.Next(2) == 0 ? "Loading the entries" : "Loaded ";
        await using var server = _data.Launch(Settings);
        await server.WaitForLineAsync(line => line.Contains(moment, StringComparison.Ordinal));
        server.Send(Signal.Kill);
        await server.WaitForExitAsync(ExitTimeout);
        return "while it started";
    }
}
