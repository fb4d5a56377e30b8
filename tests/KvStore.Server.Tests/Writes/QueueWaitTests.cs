using Microsoft.Extensions.DependencyInjection;

namespace KvStore.Server.Tests;

public sealed class QueueWaitTests
{
    [Fact]
    public async Task Put_WaitedTooLong_IsOverloadedAndNotStored()
    {
        var gate = new Gate();
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var server = await KvServer.StartAsync(new KvServerOptions
        {
            CommitLog = new FakeCommitLog(time) { Committing = gate.PassAsync },
            Services = services => services.AddSingleton<TimeProvider>(time),
        });
        var first = server.Store.SubmitAsync(new Transaction([], [Some.Put("first")]));
        await gate.Reached;
        var late = server.Client.PutAsync("/v1/kv/late", "v");
        await Soon.UntilAsync(() => server.Store.QueuedOperations == 1);
        time.Advance(TimeSpan.FromSeconds(1.5));
        gate.Open();

        Assert.IsType<Outcome.Committed>(await first);
        var response = await late;
        response.ExpectProblem(503, "overloaded");
        Assert.Equal("1", response.Header("Retry-After"));
        (await server.Client.GetAsync("/v1/kv/late")).Expect(404);
    }
}
