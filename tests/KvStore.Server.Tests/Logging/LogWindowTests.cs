
namespace KvStore.Server.Tests;

public sealed class LogWindowTests
{
    private static readonly TimeSpan TenSeconds = TimeSpan.FromSeconds(10);
    private readonly FakeTimeProvider _time = new();
    private readonly List<long> _reports = [];

    [Fact]
    public void Admit_OverLimit_ReportsOncePerWindow()
    {
        using var window = new LogWindow(1, TenSeconds, _time, _reports.Add);
        Assert.True(window.Admit());
        for (var i = 0; i < 500; i++)
            Assert.False(window.Admit());
        Assert.Empty(_reports);

        _time.Advance(TenSeconds);
        Assert.Equal([500], _reports);

        // The report was this window's line.
        Assert.False(window.Admit());
        _time.Advance(TenSeconds);
        Assert.Equal([500, 1], _reports);
    }

    [Fact]
    public void Admit_AfterQuietWindow_StartsAgain()
    {
        using var window = new LogWindow(2, TenSeconds, _time, _reports.Add);
        Assert.True(window.Admit());
        Assert.True(window.Admit());
        _time.Advance(TenSeconds);
        Assert.True(window.Admit());
        Assert.True(window.Admit());
        Assert.False(window.Admit());
        _time.Advance(TenSeconds);
        Assert.Equal([1], _reports);
        _time.Advance(TenSeconds);
        _time.Advance(TenSeconds);
        Assert.Equal([1], _reports);
    }

    [Fact]
    public void Dispose_WithinWindow_Reports()
    {
        var window = new LogWindow(1, TenSeconds, _time, _reports.Add);
        window.Admit();
        window.Admit();
        window.Dispose();
        Assert.Equal([1], _reports);
    }
}
