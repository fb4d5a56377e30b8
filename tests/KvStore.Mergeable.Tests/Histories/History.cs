namespace KvStore.Mergeable.Tests;

/// <summary>
/// A random history of one value: intents and replicas of clients through two processes on one log, with failing commits, deletions, expiries, moves, restarts,
/// retirements and collections.
/// </summary>
internal sealed class History : IAsyncDisposable
{
    private static readonly string[] Keys = ["a", "b"];

    private readonly Random _random;
    private readonly CrdtType _type;
    private readonly FakeTimeProvider _time = new();
    private readonly FakeCommitLog _log;
    private readonly Store _store;
    private readonly MergeableValues[] _processes = new MergeableValues[2];
    private readonly Model _model = new();
    private readonly List<Client> _clients = [];
    private string _key = Keys[0];
    private int _lastToken;
    private ulong _lastId;

    private History(int seed, FakeCommitLog log, Store store, FakeTimeProvider time)
    {
        (_random, _log, _store, _time) = (new Random(seed), log, store, time);
        _type = (CrdtType)_random.Next(1, 6);
        for (var i = 0; i < _processes.Length; i++)
            _processes[i] = NewProcess();
        for (var i = _random.Next(1, 4); i > 0; i--)
            _clients.Add(new Client(() => ++_lastId, _model));
    }

    private Entry? Present => _store.Latest.Find(Some.Key(_key));

    public static async Task<History> BeginAsync(int seed)
    {
        var time = new FakeTimeProvider();
        var log = new FakeCommitLog(time);
        return new History(seed, log, await Stores.StartAsync(log, Place.StoreOptions, time), time);
    }

    public async Task RunAsync(int steps)
    {
        for (var i = 0; i < steps; i++)
        {
            FailSometimes();
            await StepAsync();
            Heal();
            await AssertAsync();
        }

        await SettleAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _processes)
            await process.DisposeAsync();
        await _store.DisposeAsync();
    }

    private MergeableValues NewProcess() => new(_store, new MergeableOptions { CollectionInterval = TimeSpan.FromMinutes(_random.Next(60, 900)) }, _time);

    private MergeableValues AnyProcess() => _processes[_random.Next(_processes.Length)];

    private Client AnyClient() => _clients[_random.Next(_clients.Count)];

    private async Task StepAsync()
    {
        switch (_random.Next(20))
        {
            case < 5:
                await IntendAsync();
                break;
            case < 9:
                await ChangeAsync(AnyClient());
                break;
            case < 13:
                await ExchangeAsync(AnyClient());
                break;
            case < 15:
                var client = AnyClient();
                await Task.WhenAll([.. Enumerable.Range(0, _random.Next(1, 6)).Select(_ => IntendAsync()), ExchangeAsync(client)]);
                break;
            case 15:
                _time.Advance(_random.Next(8) switch
                {
                    0 => TimeSpan.FromDays(31),
                    < 3 => TimeSpan.FromDays(9),
                    _ => TimeSpan.FromMinutes(_random.Next(1, 300)),
                });
                break;
            case 16:
                await DisturbAsync();
                break;
            case 17:
                var process = _random.Next(_processes.Length);
                await _processes[process].DisposeAsync();
                _processes[process] = NewProcess();
                break;
            default:
                foreach (var one in _clients)
                    await ExchangeAsync(one);
                break;
        }
    }

    // What other operations of the store do to the entry. They do not fail, so that it is known what they did.
    private async Task DisturbAsync()
    {
        Heal();
        switch (_random.Next(5))
        {
            case 0:
                await _store.CommitAsync(Some.Delete(_key));
                _model.Clear();
                break;
            case 1:
                await _store.CommitAsync(new SetExpiry(Some.Key(_key), ExpiryUpdate.At(_time.GetUtcNow().AddMinutes(1))));
                _time.Advance(TimeSpan.FromHours(2));
                await Soon.UntilAsync(() => Present is null);
                _model.Clear();
                break;
            case 2:
                await _store.CommitAsync(new SetExpiry(Some.Key(_key), ExpiryUpdate.At(_time.GetUtcNow().AddDays(999))));
                break;
            case 3:
                _log.Follower!.Load(_store.Latest.Revision + (1 << 24), _store.Latest.ScanAll().ToArray());
                break;
            default:
                var other = Keys.Single(key => key != _key);
                await _store.CommitAsync(new Move(Some.Key(_key), Some.Key(other)));
                _key = other;
                break;
        }
    }

    private async Task IntendAsync()
    {
        var token = Interlocked.Increment(ref _lastToken);
        var request = new MergeRequest(Tokens.Add(_type, token, 0)) { Type = _type, Expiry = _random.Next(9) == 0 ? ExpiryUpdate.Never : default };
        if (_random.Next(5) == 0)
            request = request with { Idempotency = new Idempotency(Some.Bytes($"{token}"), Some.Bytes("f"), TimeSpan.FromDays(999), 1_000) };
        if (_random.Next(5) == 0 && Present is { } entry)
            request = request with { Guards = [Guard.RevisionIn(Some.Key(_key), entry.Revision)] };
        var result = await AnyProcess().MergeAsync(Some.Key(_key), request, CancellationToken.None).AsTask().Within();
        lock (_model)
        {
            _model.Added(token, result switch
            {
                MergeResult.Merged => true,
                MergeResult.NotCommitted { Outcome: Outcome.Unknown } => null,
                MergeResult.NotCommitted => false,
                _ => throw new InvalidOperationException($"{result}"),
            });
        }
    }

    private async Task ChangeAsync(Client client)
    {
        if (client.Replica is null && await FetchAsync() is { } state)
            client.Load(state, repeats: false);
        if (client.Replica is not { } replica)
            return;
        var tokens = Tokens.Of(replica);
        if (tokens.Count > 0 && _random.Next(3) == 0)
            client.Change(isAdded: false, tokens[_random.Next(tokens.Count)], 0);
        else
            client.Change(isAdded: true, Interlocked.Increment(ref _lastToken), _random.Next(tokens.Count + 1));
    }

    private async Task ExchangeAsync(Client client)
    {
        if (client.Replica is null)
            return;
        var result = await AnyProcess().MergeAsync(Some.Key(_key), client.NextRequest(isWhole: _random.Next(3) == 0), CancellationToken.None).AsTask().Within();
        lock (_model)
            client.Continue(result);
        if (client.MustFetch && await FetchAsync() is { } state)
            client.Load(state, repeats: true);
    }

    private async Task<ReadOnlyMemory<byte>?> FetchAsync() =>
        Present is { } entry ? (await AnyProcess().ReadAsync(entry, null, MergeableForm.Delta, CancellationToken.None))!.Bytes : null;

    private void FailSometimes()
    {
        var kind = _random.Next(12);
        if (kind < 2)
            _log.CommittingInstead = (batch, _) => Task.FromResult(batch.Select(Outcome (_) => kind == 0 ? Outcome.Unknown.Instance : new Outcome.NotApplied(NotAppliedReason.NoSpace)).ToArray());
        else if (kind == 2)
            _log.Answering = outcomes => [.. outcomes.Select(_ => Outcome.Unknown.Instance)];
    }

    private void Heal() => (_log.CommittingInstead, _log.Answering) = (null, outcomes => outcomes);

    private async Task AssertAsync()
    {
        if (Present is not { } entry)
            return;
        Assert.True(MergeableValues.IsValid(entry.Value.Span));
        var states = new List<byte[]>();
        foreach (var process in _processes)
            states.Add((await process.ReadAsync(entry, null, MergeableForm.Delta, CancellationToken.None))!.Bytes!.Value.ToArray());
        Assert.Equal(states[0], states[1]);
        var replica = MergeableValue.TryLoad(states[0], new ReplicaId(0))!;
        if (replica is CounterReplica counter)
            _model.AssertSum(counter.Value);
        else
            _model.AssertTokens(Tokens.Of(replica));
    }

    private async Task SettleAsync()
    {
        for (var round = 0; round < 6; round++)
        {
            foreach (var client in _clients)
                await ExchangeAsync(client);
        }

        await AssertAsync();
        if (await FetchAsync() is not { } state)
            return;
        Assert.All(_clients.Where(client => client.Replica is not null), client =>
        {
            Assert.False(client.HasUnsent);
            Assert.Equal(state.ToArray(), client.Replica!.Encode());
        });
    }
}
