using Microsoft.Extensions.Configuration;

namespace KvStore.Server.Tests;

public sealed class IdleWorkersTests
{
    [Theory]
    [InlineData("Engine", " Etcd ", 0)]
    [InlineData("Join", "http://localhost:8080", 0)]
    [InlineData("Join", "none", null)]
    [InlineData("Engine", "disk", null)]
    [InlineData("Engine", null, null)]
    public void WaitAtOnceFor_OnlyAnEngineThatWaitsForOthers(string setting, string? value, int? limit)
    {
        // The pool of this process has read it long ago, so it changes nothing here.
        const string SpinLimit = "System.Threading.ThreadPool.UnfairSemaphoreSpinLimit";
        AppContext.SetData(SpinLimit, null);
        IdleWorkers.WaitAtOnceFor(new ConfigurationBuilder().AddInMemoryCollection([new($"KvStore:{setting}", value)]).Build());
        Assert.Equal(limit, AppContext.GetData(SpinLimit));
        AppContext.SetData(SpinLimit, null);
    }
}
