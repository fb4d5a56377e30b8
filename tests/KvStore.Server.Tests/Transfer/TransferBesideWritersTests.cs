using Microsoft.Extensions.DependencyInjection;

namespace KvStore.Server.Tests;

/// <summary>Imports and exports while others write: an import has fewer transactions in the queue, and an export rests.</summary>
public sealed class TransferBesideWritersTests
{
    private const int Piece = 32 * 1024;

    private readonly ObservedTime _time = new();
    private long _revision = 7;

    [Fact]
    public void Max_OthersWrite_IsFewUntilAloneAgain()
    {
        var ahead = new ImportAhead();
        Assert.Equal(2, ahead.Max);
        RecordAlone(ahead, 15);
        Assert.Equal(2, ahead.Max);
        RecordAlone(ahead, 1);
        Assert.Equal(16, ahead.Max);
        _revision++;
        RecordAlone(ahead, 1);
        Assert.Equal(2, ahead.Max);
        RecordAlone(ahead, 15);
        Assert.Equal(2, ahead.Max);
        RecordAlone(ahead, 1);
        Assert.Equal(16, ahead.Max);
    }

    [Theory]
    [InlineData(0.1, 2)]
    [InlineData(5.5, 5)]
    [InlineData(100, 16)]
    public void Max_OthersWriteToASlowDisk_IsByItsTime(double milliseconds, int max)
    {
        var ahead = new ImportAhead();
        ahead.Record(1, TimeSpan.FromMilliseconds(milliseconds));
        ahead.Record(9, null);
        Assert.Equal(max, ahead.Max);
    }

    [Fact]
    public async Task SubmitAsync_OthersWrite_WaitsForEarlierOnes()
    {
        var gate = new Gate();
        gate.Open();
        await using var store = await Stores.StartAsync(new FakeCommitLog { Committing = () => Volatile.Read(ref gate).PassAsync() });
        var writer = new ImportWriter(store, TimeSpan.FromSeconds(30), _time);
        var submitted = 0;
        for (; submitted < 40; submitted++)
            Assert.Null(await SubmitAsync(writer, submitted).AsTask().Within());
        Assert.Null(await writer.WaitForAllAsync().AsTask().Within());
        Assert.Equal(16, await CountAheadAsync());

        await store.SubmitAsync(new Transaction([], [new Delete(Key.Parse("import-0"))])).Within();
        Assert.Null(await SubmitAsync(writer, submitted++).AsTask().Within());
        Assert.Null(await writer.WaitForAllAsync().AsTask().Within());
        Assert.Equal(2, await CountAheadAsync());

        // Those that are submitted at once while the log is held up.
        async Task<int> CountAheadAsync()
        {
            var closed = new Gate();
            Volatile.Write(ref gate, closed);
            for (var count = 0; ; count++)
            {
                var submission = SubmitAsync(writer, submitted++);
                if (submission.IsCompleted)
                    continue;
                closed.Open();
                Assert.Null(await submission.AsTask().Within());
                Assert.Null(await writer.WaitForAllAsync().AsTask().Within());
                return count;
            }
        }
    }

    [Fact]
    public async Task RestAsync_OthersWrite_OnceForEachSlice()
    {
        await using var store = await Stores.StartAsync();
        var pace = new ExportPace(store, _time);
        await store.SubmitAsync(Write(1)).Within();
        Assert.True(RestAsync(pace).IsCompleted);
        _time.Advance(ExportPace.Slice);
        Assert.True(RestAsync(pace, Piece - 1).IsCompleted);
        var rest = RestAsync(pace, 1);
        await store.SubmitAsync(Write(2)).Within();
        Assert.False(rest.IsCompleted);
        _time.Advance(ExportPace.Rest);
        await rest.Within();

        // What was written during the rest had its share.
        _time.Advance(ExportPace.Slice);
        Assert.True(RestAsync(pace).IsCompleted);
        await store.SubmitAsync(Write(3)).Within();
        Assert.True(RestAsync(pace).IsCompleted);
        _time.Advance(ExportPace.Slice);
        rest = RestAsync(pace);
        Assert.False(rest.IsCompleted);
        _time.Advance(ExportPace.Rest);
        await rest.Within();
    }

    // In half-milliseconds: how long it is busy and how long it waits for its client, again and again, and how long it rests then.
    [Theory]
    [InlineData(2, 0, 4)]
    [InlineData(2, 1, 4)]
    [InlineData(2, 2, 2)]
    [InlineData(1, 1, 2)]
    [InlineData(2, 4, 0)]
    [InlineData(1, 2, 0)]
    [InlineData(1, 40, 0)]
    public async Task RestAsync_ExportWaitsForItsClient_WaitsAreRest(int busy, int waiting, int rests)
    {
        await using var store = await Stores.StartAsync();
        var pace = new ExportPace(store, _time);
        for (var (run, slices) = (0, 0); slices < 3; run += busy)
        {
            await store.SubmitAsync(Write(run)).Within();
            _time.Advance(TimeSpan.FromMilliseconds(busy / 2.0));
            var sending = new TaskCompletionSource();
            var waited = pace.WaitAsync(new ValueTask(sending.Task)).AsTask();
            _time.Advance(TimeSpan.FromMilliseconds(waiting / 2.0));
            sending.SetResult();
            await waited.Within();
            var rest = RestAsync(pace);
            if ((run + busy) % 2 != 0 || rests == 0)
            {
                Assert.True(rest.IsCompleted);
                slices += (run + busy) % 2 == 0 ? 1 : 0;
                continue;
            }

            _time.Advance(TimeSpan.FromMilliseconds((rests - 1) / 2.0));
            Assert.False(rest.IsCompleted);
            _time.Advance(TimeSpan.FromMilliseconds(0.5));
            await rest.Within();
            slices++;
        }
    }

    [Fact]
    public async Task Export_OthersWrite_Rests()
    {
        var time = new RestTime();
        await using var server = await KvServer.StartAsync(new KvServerOptions { Services = services => services.AddSingleton<TimeProvider>(time) });
        for (var i = 0; i < 16; i++)
            (await server.Client.PutAsync($"/v1/kv/large/{i}", new string('v', 1 << 20))).Expect(201);
        (await server.Client.GetAsync("/v1/export")).Expect(200);
        Assert.Equal(0, time.Rests);

        using var ended = new CancellationTokenSource();
        var writing = Task.Run(async () =>
        {
            for (var i = 1; !ended.IsCancellationRequested; i++)
                await server.Store.SubmitAsync(Write(i));
        }, TestContext.Current.CancellationToken);
        await Soon.UntilAsync(async () => (await server.Client.GetAsync("/v1/export")).Expect(200).Body.Length > 16 << 20 && time.Rests > 0);
        await ended.CancelAsync();
        await writing.Within();
    }

    private static Task RestAsync(ExportPace pace, long bytes = Piece) => pace.RestAsync(bytes, TestContext.Current.CancellationToken).AsTask();

    private static Transaction Write(int number) => new([], [new Put(Key.Parse("other"), BitConverter.GetBytes(number), "text/plain")]);

    private static ValueTask<Outcome?> SubmitAsync(ImportWriter writer, int number) => writer.SubmitAsync(
        new Transaction([], [new Put(Key.Parse($"import-{number}"), default, "text/plain")]) { IsOrdered = true }, number, TestContext.Current.CancellationToken);

    private void RecordAlone(ImportAhead ahead, int count)
    {
        for (var i = 0; i < count; i++)
            ahead.Record(++_revision, null);
    }

    /// <summary>The time of the machine, with the number of rests.</summary>
    private sealed class RestTime : TimeProvider
    {
        private int _rests;

        public int Rests => Volatile.Read(ref _rests);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            if (dueTime > TimeSpan.Zero && dueTime <= ExportPace.Rest)
                Interlocked.Increment(ref _rests);
            return base.CreateTimer(callback, state, dueTime, period);
        }
    }
}
