namespace KvStore.Tests;

public sealed class MemoryCommitLogTests : CommitLogContract
{
    protected override ICommitLog CreateLog(TimeProvider time) => new MemoryCommitLog(time);

    [Fact]
    public async Task CommitAsync_BeforeFollow_Throws() =>
        await Assert.ThrowsAsync<InvalidOperationException>(async () =>
            await new MemoryCommitLog(TimeProvider.System).CommitAsync([Some.Transaction(Some.Put("k"))], TestContext.Current.CancellationToken));
}

/// <summary>The suite itself, held against a log that does all that it must not assume away.</summary>
public sealed class SharingLogTests : CommitLogContract
{
    protected override ICommitLog CreateLog(TimeProvider time) => new SharingLog(time);
}

/// <summary>The suite itself, held against a place in memory.</summary>
public sealed class MemoryPlaceTests : RemoteLogContract
{
    protected override ILogPlace CreatePlace() => new MemoryPlace();
}
