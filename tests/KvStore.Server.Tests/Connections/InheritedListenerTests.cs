using System.Net;
using Microsoft.AspNetCore.Connections;

namespace KvStore.Server.Tests;

/// <summary>A listener of a socket that outlives the process accepts only what this process can answer.</summary>
public sealed class InheritedListenerTests
{
    private readonly TaskCompletionSource _loaded = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AcceptAsync_Loading_LeavesConnectionsInSocket()
    {
        using var stopping = new CancellationTokenSource();
        await using var inner = new FakeListener();
        await using var listener = new InheritedListener(inner, _loaded.Task, stopping.Token);

        var accepting = listener.AcceptAsync(Cancellation).AsTask();
        Assert.Equal((false, 0), (accepting.IsCompleted, inner.Accepts));
        _loaded.SetResult();
        Assert.NotNull(await accepting.Within());
        Assert.Equal((1, 0), (inner.Accepts, inner.Unbinds));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Stop_LoadingOrLoaded_EndsWithoutAccepting(bool isLoaded)
    {
        using var stopping = new CancellationTokenSource();
        await using var inner = new FakeListener();
        await using var listener = new InheritedListener(inner, _loaded.Task, stopping.Token);
        if (isLoaded)
            _loaded.SetResult();

        var before = isLoaded ? Task.CompletedTask : listener.AcceptAsync(Cancellation).AsTask();
        await stopping.CancelAsync();
        await before.Within();
        Assert.Null(await listener.AcceptAsync(Cancellation).AsTask().Within());
        Assert.Equal((0, 1), (inner.Accepts, inner.Unbinds));
    }

    private sealed class FakeListener : IConnectionListener
    {
        public int Accepts { get; private set; }

        public int Unbinds { get; private set; }

        public EndPoint EndPoint { get; } = new IPEndPoint(IPAddress.Loopback, 1);

        public ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
        {
            Accepts++;
            return ValueTask.FromResult<ConnectionContext?>(new DefaultConnectionContext());
        }

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
        {
            Unbinds++;
            return ValueTask.CompletedTask;
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
