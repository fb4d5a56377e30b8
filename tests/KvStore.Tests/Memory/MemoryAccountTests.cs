namespace KvStore.Tests;

public sealed class MemoryAccountTests
{
    [Fact]
    public void TryCharge_UpToTheBound_Fits()
    {
        var account = new MemoryAccount("some", 100);
        Assert.True(account.TryCharge(60));
        Assert.True(account.TryCharge(40));
        Assert.Equal((100, 100, 0), (account.Bytes, account.PeakBytes, account.Refusals));
    }

    [Fact]
    public void TryCharge_BeyondTheBound_ChargesNothingAndCounts()
    {
        var account = new MemoryAccount("some", 100);
        Assert.True(account.TryCharge(60));
        Assert.False(account.TryCharge(41));
        Assert.False(account.TryCharge(long.MaxValue));
        Assert.Equal((60, 60, 2), (account.Bytes, account.PeakBytes, account.Refusals));
    }

    [Fact]
    public void Charge_BeyondTheBound_IsCharged()
    {
        var account = new MemoryAccount("some", 100);
        account.Charge(150);
        Assert.False(account.TryCharge(1));
        account.Release(100);
        Assert.True(account.TryCharge(50));
        Assert.Equal((100, 150, 1), (account.Bytes, account.PeakBytes, account.Refusals));
    }

    // Half of the threads ask for more than there is, again and again. The others, whose charges always fit together, are never refused.
    [Fact]
    public async Task TryCharge_OthersAreRefusedMeanwhile_Fits()
    {
        const int Threads = 4;
        var account = new MemoryAccount("some", Threads * 10);
        var greedy = new CancellationTokenSource();
        var refused = Enumerable.Range(0, 2).Select(_ => Task.Run(() =>
        {
            while (!greedy.IsCancellationRequested)
                Assert.False(account.TryCharge(1000));
        })).ToArray();

        await Task.WhenAll(Enumerable.Range(0, Threads).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < 50_000; i++)
            {
                Assert.True(account.TryCharge(10));
                account.Release(10);
            }
        })));
        await greedy.CancelAsync();
        await Task.WhenAll(refused);

        Assert.Equal(0, account.Bytes);
        Assert.InRange(account.PeakBytes, 10, Threads * 10);
    }

    [Theory]
    [InlineData(64, 4, 2)]
    [InlineData(1024, 64, 414)]
    [InlineData(16384, 64, 13_824)]
    public void Divide_Default_FitsAndLeavesEntriesTheRest(long memoryMiB, long historyMiB, long entriesMiB)
    {
        var options = new StoreOptions { MemoryBytesMax = memoryMiB << 20 };
        options.Validate();
        Assert.Equal((historyMiB << 20, entriesMiB << 20), (options.HistoryBytesMax, options.EntriesBytesMax));
        Assert.Equal(options.MemoryBytesMax, new MemoryBudget(options).All.Sum(account => account.BytesMax));
    }

    [Fact]
    public void Divide_OneIsSmaller_EntriesGetTheDifference()
    {
        var options = new StoreOptions { MemoryBytesMax = 1 << 30 };
        Assert.Equal(options.EntriesBytesMax + options.BodiesBytesMax - 1000, (options with { BodiesBytesMax = 1000 }).EntriesBytesMax);
    }
}
