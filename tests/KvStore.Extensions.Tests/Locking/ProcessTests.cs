using System.Globalization;

namespace KvStore.Extensions.Tests;

/// <summary>Holders that are processes, and that are killed and stopped while they hold a lock. They write behind their fence without asking whether they still hold it.</summary>
public sealed class ProcessTests(Service service)
{
    private const string LockName = "lock";

    // By hand more: KVSTORE_TEST_ROUNDS=1000.
    private static readonly int Rounds = int.TryParse(Environment.GetEnvironmentVariable("KVSTORE_TEST_ROUNDS"), CultureInfo.InvariantCulture, out var rounds) ? rounds : 4;

    private readonly string _name = Service.NewPrefix() + LockName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Holders_StoppedAndKilled_NeverWriteAfterTheNextOne()
    {
        var key = Service.NewPrefix() + "value";
        var begin = (await service.Client.PutAsync(key, "0", cancellationToken: Token)).Revision;
        var holders = Enumerable.Range(0, 2).Select(_ => new Holder("lock", service.Address, _name, key)).ToList();
        try
        {
            long token = 0;
            for (var round = 0; round < Rounds; round++)
            {
                token = await WaitForWriteAsync(key, token);
                var holder = await HolderOfAsync(holders, token);
                if (round % 2 == 0)
                {
                    // Stopped in the middle of its writes. When it continues, the first one that it sends is late.
                    holder.Send(Signal.Stop);
                    await WaitForWriteAsync(key, token);
                    holder.Send(Signal.Continue);
                    await holder.WaitForAsync($"fenced {token}");
                }
                else
                {
                    holder.Send(Signal.Kill);
                    holders.Remove(holder);
                    holder.Dispose();
                    holders.Add(new Holder("lock", service.Address, _name, key));
                    await WaitForWriteAsync(key, token);
                }
            }
        }
        finally
        {
            foreach (var holder in holders)
                holder.Dispose();
        }

        var end = (await service.Client.GetMetadataAsync(key, cancellationToken: Token))!.Revision;
        var tokens = new List<long>();
        await foreach (var watchEvent in service.Client.WatchAsync(key, new KvWatchOptions { After = begin }, Token))
        {
            if (watchEvent is not KvWatchEvent.Changed changed)
                continue;
            tokens.Add(long.Parse(changed.Changes.Single().Entry!.Text, CultureInfo.InvariantCulture));
            if (changed.Revision == end)
                break;
        }

        Assert.Equal(tokens.Order(), tokens);
        Assert.True(tokens.Distinct().Count() > Rounds, $"{tokens.Distinct().Count()} holders in {Rounds} rounds");
    }

    // A write of a holder with a larger token than this one.
    private async Task<long> WaitForWriteAsync(string key, long token)
    {
        await foreach (var watchEvent in service.Client.WatchAsync(key, new KvWatchOptions { IsInitial = true }, Token))
        {
            var entry = (watchEvent as KvWatchEvent.Entry)?.Value ?? (watchEvent as KvWatchEvent.Changed)?.Changes.Single().Entry;
            if (entry is not null && long.Parse(entry.Text, CultureInfo.InvariantCulture) is var written && written > token)
                return written;
        }

        throw new InvalidOperationException("The watch has ended.");
    }

    private static async Task<Holder> HolderOfAsync(List<Holder> holders, long token)
    {
        Holder? found = null;
        await Soon.UntilAsync(() => (found = holders.Find(holder => holder.HasSaid($"held {token}"))) is not null);
        return found!;
    }
}
