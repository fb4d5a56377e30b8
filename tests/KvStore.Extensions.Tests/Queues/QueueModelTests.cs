using KvStore.Extensions.Queues;

namespace KvStore.Extensions.Tests;

/// <summary>
/// Random operations on a queue and on a model of it that is one dictionary: several workers claim, settle, crash, are paused and come back late, and time passes. After each operation both say the same of every job.
/// </summary>
public sealed class QueueModelTests(Service service)
{
    private const int Steps = 150;
    private const int ClaimsMax = 3;

    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(4);

    // By hand more: KVSTORE_TEST_HISTORIES=1000.
    private static readonly int Histories = int.TryParse(Environment.GetEnvironmentVariable("KVSTORE_TEST_HISTORIES"), out var histories) ? histories : 12;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public Task Operations_Random_AreThoseOfTheModel() => Seed.ForEachAsync(Histories, async seed =>
    {
        var history = new History(service.Client, Service.NewPrefix(), new Random(seed));
        await history.BeginAsync();
        for (var step = 0; step < Steps; step++)
            await history.StepAsync();
        await history.FinishAsync();
    });

    private enum Place
    {
        Ready,
        Taken,
        Delayed,
        Dead,
        Done,
    }

    private sealed class ModelJob
    {
        public Place Place { get; set; } = Place.Ready;

        public int Claims { get; set; }

        public bool HasLease { get; set; }

        public DateTimeOffset Due { get; set; }

        /// <summary>The claim that has it; claims before that one are late.</summary>
        public KvJob? Holder { get; set; }
    }

    private sealed class History(KvStoreClient client, string prefix, Random random)
    {
        private readonly FakeTimeProvider _time = new(TimeProvider.System.GetUtcNow());
        private readonly Dictionary<string, ModelJob> _jobs = [];
        private readonly List<KvJob> _claims = [];
        private int _enqueued;

        private KvQueue[]? _queues;

        private KvQueue[] Queues => _queues ??= [.. Enumerable.Range(0, 3).Select(_ => new KvQueue(
            client, "q", new KvQueueOptions { Prefix = prefix, ClaimsMax = ClaimsMax, RetryDelay = Retry, LeaseTime = TimeSpan.FromDays(1), SweepInterval = TimeSpan.FromDays(1) }, _time))];

        private KvQueue Any => Queues[random.Next(Queues.Length)];

        // As if another worker had swept: a claim never does then, only the operation does.
        public async Task BeginAsync() => await client.PutAsync(prefix + "q/sweep", "", cancellationToken: Token);

        public async Task StepAsync()
        {
            switch (random.Next(12))
            {
                case 0 or 1:
                    await EnqueueAsync();
                    break;
                case 2 or 3 or 4:
                    await ClaimAsync();
                    break;
                case 5:
                    await CrashAsync();
                    break;
                case 6:
                    await SweepAsync();
                    break;
                case 7:
                    _time.Advance(Retry * random.NextDouble());
                    break;
                case 8:
                    await RequeueAsync();
                    break;
                default:
                    await SettleAsync();
                    break;
            }

            var counts = await Any.CountAsync(Token);
            Assert.Equal(new KvQueueCounts(CountOf(Place.Ready), CountOf(Place.Taken), CountOf(Place.Delayed), CountOf(Place.Dead)), counts);
        }

        // Every job that is not done can still be done, and then nothing is left.
        public async Task FinishAsync()
        {
            foreach (var job in _jobs.Values.Where(job => job.HasLease))
                await EndLeaseAsync(job);
            _time.Advance(TimeSpan.FromHours(1));
            await SweepAsync();
            while (CountOf(Place.Ready) > 0)
            {
                await ClaimAsync();
                await CompleteAsync(_claims[^1]);
            }

            await foreach (var dead in Any.ListDeadAsync(Token))
            {
                Assert.Equal((Place.Dead, dead.Attempts), (_jobs[dead.Id].Place, _jobs[dead.Id].Claims));
                Assert.NotEmpty(dead.Reason);
                Assert.True(await Any.DeleteDeadAsync(dead.Id, Token));
            }

            Assert.All(await client.ListAsync(prefix + "q/", cancellationToken: Token).Select(entry => entry.Key).ToListAsync(Token), key => Assert.Equal(prefix + "q/sweep", key));
            Assert.Equal(_jobs.Count(job => job.Value.Place == Place.Done), await client.CountAsync(prefix + "done/", cancellationToken: Token));
            foreach (var claim in _claims)
                await claim.StopRenewingAsync();
        }

        private async Task EnqueueAsync()
        {
            var isLater = random.Next(3) == 0;
            var job = new ModelJob { Place = isLater ? Place.Delayed : Place.Ready, Due = _time.GetUtcNow() + (Retry * random.NextDouble()) };
            var options = new KvEnqueueOptions { NotBefore = isLater ? job.Due : null, IdempotencyKey = $"{prefix}{_enqueued++}" };
            var id = await Any.EnqueueAsync("payload", options, Token);
            Assert.True(_jobs.TryAdd(id, job));
            Assert.Equal(id, await Any.EnqueueAsync("payload", options, Token));
        }

        private async Task ClaimAsync()
        {
            var claim = await Any.TryClaimAsync(Token);
            Assert.Equal(CountOf(Place.Ready) > 0, claim is not null);
            if (claim is null)
                return;
            var job = _jobs[claim.Id];
            Assert.Equal(Place.Ready, job.Place);
            Assert.Equal(job.Claims + 1, claim.Attempt);
            Assert.Equal("payload", claim.Text);
            (job.Place, job.Claims, job.HasLease, job.Holder) = (Place.Taken, claim.Attempt, true, claim);
            _claims.Add(claim);
        }

        // Its process ends, or is paused: its lease ends later, or at once.
        private async Task CrashAsync()
        {
            if (_jobs.Values.Where(job => job.HasLease).OrderBy(_ => random.Next()).FirstOrDefault() is { } job)
                await EndLeaseAsync(job);
        }

        private async Task EndLeaseAsync(ModelJob job)
        {
            await job.Holder!.StopRenewingAsync();
            await client.DeleteAsync($"{prefix}q/leases/{job.Holder.Id}", cancellationToken: Token);
            job.HasLease = false;
        }

        private async Task SweepAsync()
        {
            await Any.SweepAsync(Token);
            foreach (var job in _jobs.Values)
            {
                if (job is { Place: Place.Taken, HasLease: false })
                    job.Place = job.Claims < ClaimsMax ? Place.Ready : Place.Dead;
                else if (job.Place == Place.Delayed && job.Due.ToUnixTimeMilliseconds() <= _time.GetUtcNow().ToUnixTimeMilliseconds())
                    job.Place = Place.Ready;
            }
        }

        private async Task RequeueAsync()
        {
            var (id, job) = _jobs.OrderBy(_ => random.Next()).FirstOrDefault();
            if (job is null)
                return;
            Assert.Equal(job.Place == Place.Dead, await Any.RequeueDeadAsync(id, Token));
            if (job.Place == Place.Dead)
                (job.Place, job.Claims) = (Place.Ready, 0);
        }

        // By any claim that there ever was, so many of them are late.
        private async Task SettleAsync()
        {
            if (_claims.Count == 0)
                return;
            var claim = _claims[random.Next(Math.Max(0, _claims.Count - 6), _claims.Count)];
            if (claim.IsSettled)
                return;
            var job = _jobs[claim.Id];
            if (job.Holder != claim || job.Place != Place.Taken)
            {
                await Assert.ThrowsAsync<KvPreconditionFailedException>(() => CompleteAsync(claim));
                return;
            }

            switch (random.Next(5))
            {
                case 0:
                    await claim.AbandonAsync("It failed.", cancellationToken: Token);
                    (job.Place, job.Due) = job.Claims < ClaimsMax ? (Place.Delayed, _time.GetUtcNow() + (Retry * Math.Pow(2, job.Claims - 1))) : (Place.Dead, default);
                    break;
                case 1:
                    await claim.AbandonAsync(delay: TimeSpan.Zero, cancellationToken: Token);
                    job.Place = job.Claims < ClaimsMax ? Place.Ready : Place.Dead;
                    break;
                case 2:
                    await claim.RejectAsync("Never.", Token);
                    job.Place = Place.Dead;
                    break;
                case 3:
                    await claim.ReleaseAsync(Token);
                    (job.Place, job.Claims) = (Place.Ready, job.Claims - 1);
                    break;
                default:
                    await CompleteAsync(claim);
                    break;
            }

            job.HasLease = false;
        }

        private async Task CompleteAsync(KvJob claim)
        {
            await claim.CompleteAsync(new KvTransaction().IfAbsent($"{prefix}done/{claim.Id}").Put($"{prefix}done/{claim.Id}", "done"), Token);
            (_jobs[claim.Id].Place, _jobs[claim.Id].HasLease) = (Place.Done, false);
        }

        private int CountOf(Place place) => _jobs.Values.Count(job => job.Place == place);
    }
}
