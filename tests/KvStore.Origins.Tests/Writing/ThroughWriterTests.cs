namespace KvStore.Origins.Tests;

/// <summary>Single writes that go through, at the edges of what their marks can do.</summary>
public sealed class ThroughWriterTests
{
    // The clock of this machine or of another replica has jumped, or this process was suspended: a load is stored although the call may still arrive, and then it does.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Write_ArrivesAfterItsMark_HasTheKeyLoadedAgain(bool isAnswered)
    {
        await using var world = new OriginWorld(OriginWorld.Options(OriginWrites.Through));
        await world.StartAsync();
        using var gate = new OriginGate(OriginWorld.Options(), _ => { }, world.Time);
        var sink = new SuspendedSink();
        var caller = new WriteCaller(world.Origin.Options, sink, gate, _ => { }, world.Time);
        var writing = new ThroughWriter(world.Store, world.Origin, caller, world.Time, CancellationToken.None)
            .WriteAsync(world.Store.Latest, world.Begin(), Some.Transaction(Some.Put("rates/k", "written")));
        await sink.Call.Reached;
        Assert.Equal(LoadCommit.NotStored, await world.LoadAsync("before"));
        world.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(LoadCommit.Stored, await world.LoadAsync("before"));
        Assert.True(world.Evaluate().IsFresh);
        sink.Result = isAnswered ? ScriptedSink.Written : ScriptedSink.Ill;
        sink.Call.Open();
        Assert.IsType<KeyWriteResult.Unknown>(await writing.Within());
        Assert.False(world.Evaluate().IsFresh);
    }

    // The process was killed while it wrote, and was started with other settings: nobody looks at the mark any more.
    [Theory]
    [InlineData(OriginWrites.Local)]
    [InlineData(OriginWrites.Refuse)]
    public async Task Mark_WritesAreNotThroughAnyMore_HasTheKeyLoadedAgain(OriginWrites writes)
    {
        await using var world = new OriginWorld(OriginWorld.Options(OriginWrites.Through));
        await world.StartAsync();
        Assert.Equal(LoadCommit.Stored, await world.LoadAsync("before"));
        var key = Some.Key("rates/k");
        await world.SubmitAsync(new WriteCommits(world.Origin, world.Time).Mark(world.Store.Latest, world.Begin(), Some.Transaction(Some.Put("rates/k", "written"))));
        Assert.Null(WriteMarks.EndLeftover(world.Store.Latest, new OriginTable([world.Origin])));

        var changed = new OriginState(OriginWorld.Options(writes), default, world.Time);
        Assert.True(changed.Evaluate(world.Store.Latest, key).IsFresh);
        Assert.IsType<Outcome.Committed>(await world.SubmitAsync(WriteMarks.EndLeftover(world.Store.Latest, new OriginTable([changed]))!));
        Assert.False(changed.Evaluate(world.Store.Latest, key).IsFresh);
        Assert.Null(WriteMarks.Find(world.Store.Latest, key));
    }

    /// <summary>A call that does not end by its time-out.</summary>
    private sealed class SuspendedSink : IOriginSink
    {
        public Gate Call { get; } = new();

        public WriteResult Result { get; set; } = ScriptedSink.Written;

        public async Task<WriteResult> WriteAsync(OriginWrite write, CancellationToken cancellationToken)
        {
            await Call.PassAsync();
            return Result;
        }
    }
}
