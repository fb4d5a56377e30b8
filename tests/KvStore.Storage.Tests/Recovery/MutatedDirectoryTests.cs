namespace KvStore.Storage.Tests;

/// <summary>
/// Whatever was done to a directory, a start and a verification find the same, no exception is unexplained, and no loss goes unnoticed
/// except those that docs/storage-format.md names.
/// </summary>
public sealed class MutatedDirectoryTests
{
    private const int Mutations = 1000;

    [Fact]
    public async Task Start_MutatedDirectory_IsWholeOrRefused()
    {
        List<BaseDirectory> origins = [];
        foreach (var isClosed in new[] { true, false })
        {
            foreach (var hasCheckpoint in new[] { true, false })
                origins.Add(await MakeAsync(hasCheckpoint, starts: 1, isClosed));
        }

        origins.Add(await MakeAsync(hasCheckpoint: true, starts: 4, isClosed: false));
        origins.Add(BackupOf(origins[0]));
        var (refusals, ran) = (0, 0);
        await Seed.ForEachAsync(Mutations, seed =>
        {
            ran++;
            var random = new Random(seed);
            var origin = origins[random.Next(origins.Count)];
            var mutated = MutatedDirectory.Of(origin, origins[random.Next(origins.Count)], random);
            try
            {
                refusals += IsRefused(origin, mutated) ? 1 : 0;
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException($"{mutated.Change} of {string.Join(", ", origin.Files.Keys.Order(StringComparer.Ordinal))}: {exception.Message}", exception);
            }

            return Task.CompletedTask;
        });

        if (ran == Mutations)
            Assert.InRange(refusals, Mutations / 2, Mutations - 1);
    }

    private static bool IsRefused(BaseDirectory origin, MutatedDirectory mutated)
    {
        var found = Verify(LogImage.DiskOf(mutated.Files), out var refusal);
        DiskLogException? startRefusal = null;
        Snapshot? latest = null;
        var disk = LogImage.DiskOf(mutated.Files);
        try
        {
            latest = LogImage.OpenDisk(disk);
        }
        catch (DiskLogException exception)
        {
            startRefusal = exception;
        }

        if (latest is null)
        {
            Assert.Equal(startRefusal!.Message, (found?.Damage ?? refusal)?.Message);
            Assert.True(startRefusal.Problem is DiskLogProblem.Damaged or DiskLogProblem.NoData, startRefusal.Message);
            Assert.Matches(@"^/fake/\S* (is damaged( at byte \d+)?: .+\. Nothing was served\.|has no data of KvStore: )", startRefusal.Message);
            IsRepairedOrRefused(mutated);
            return true;
        }

        var state = Describe(latest);
        if (refusal is not null)
        {
            // A start on nothing begins a store; there is nothing to verify.
            Assert.Equal((DiskLogProblem.NoData, "", false), (refusal.Problem, state, mutated.Files.ContainsKey(StoreFile.Name)));
        }
        else
        {
            Assert.Equal((null, LogImage.RecoveredRevision(latest), latest.Count), (found!.Damage, found.Revision % LogRecovery.CrashJump, found.Entries));
            var isBackup = mutated.Files.Keys.All(name => name.EndsWith(".checkpoint", StringComparison.Ordinal));
            if (mutated.MayLose || isBackup)
                Assert.True(origin.States.Contains(state), "Neither the last state nor an earlier one: " + state);
            else
                Assert.Equal(origin.States[^1], state);
        }

        // What a start leaves is good.
        Assert.Null(Verify(disk, out _)!.Damage);
        Assert.Equal(state, Describe(LogImage.OpenDisk(disk)));
        return false;
    }

    private static void IsRepairedOrRefused(MutatedDirectory mutated)
    {
        var disk = LogImage.DiskOf(mutated.Files);
        try
        {
            var repaired = DiskLogTool.Repair(disk.Start());
            Assert.Equal(repaired.Entries, LogImage.OpenDisk(disk).Count);
        }
        catch (DiskLogException exception)
        {
            Assert.True(exception.Problem is DiskLogProblem.Damaged or DiskLogProblem.NoData, exception.Message);
        }
    }

    private static DiskLogReport? Verify(FakeDisk disk, out DiskLogException? refusal)
    {
        refusal = null;
        try
        {
            return DiskLogTool.Verify(disk.Start());
        }
        catch (DiskLogException exception)
        {
            refusal = exception;
            return null;
        }
    }

    // Starts after kills, so that there are jumps.
    private static async Task<BaseDirectory> MakeAsync(bool hasCheckpoint, int starts, bool isClosed)
    {
        var disk = new FakeDisk(new Random(1));
        List<string> states = [""];
        Dictionary<string, byte[]> earlier = [];
        for (var start = 0; start < starts; start++)
        {
            var follower = new SnapshotPublisher(new StoreOptions(), new FakeTimeProvider());
            var log = new DiskCommitLog(disk.Start(), LogImage.Options, new FakeTimeProvider(), _ => { }, action => action());
            await log.FollowAsync(follower, CancellationToken.None);
            await log.CommitAsync([Some.Transaction(Some.Put("large", new string('l', SharedValue.BytesMin)))], CancellationToken.None);
            states.Add(Describe(follower.Latest));
            await log.CommitAsync([Some.Transaction(new Put(Some.Key("merged"), Some.Bytes("head"), Entry.MergeableContentType) { IsRewrite = true })], CancellationToken.None);
            states.Add(Describe(follower.Latest));
            for (var i = 0; i < 12 / starts; i++)
            {
                var merged = follower.Latest.Find(Some.Key("merged"))!.Value;
                await log.CommitAsync([Some.Transaction(Some.Put($"key{start}{i % 5}", $"value{i}"), Some.Delete($"key{start}{(i + 2) % 5}")), Some.Transaction(Some.Put("last", $"{start} {i}"), new SetExpiry(Some.Key("large"), ExpiryUpdate.At(DateTimeOffset.UnixEpoch.AddMinutes(i))), new Extend(merged.Key, merged.CreatedRevision, merged.ValueLength, Some.Bytes($"+{i}")))], CancellationToken.None);
                states.Add(Describe(follower.Latest));
                if (hasCheckpoint && i == 8 / starts)
                    await log.CheckpointAsync(CancellationToken.None);
                if (i == 10 / starts)
                    earlier = LogImage.FilesOf(disk);
            }

            if (!isClosed)
                _ = disk.Start();
            await log.DisposeAsync();
        }

        return new BaseDirectory(LogImage.FilesOf(disk), earlier, states);
    }

    private static BaseDirectory BackupOf(BaseDirectory origin)
    {
        var files = origin.Files.Where(file => file.Key.EndsWith(".checkpoint", StringComparison.Ordinal)).ToDictionary();
        return new BaseDirectory(files, origin.Earlier, ["", Describe(LogImage.Open(files))]);
    }

    private static string Describe(Snapshot snapshot) => string.Join('\n', snapshot.Scan(default).Select(entry => States.Describe(entry)));
}
