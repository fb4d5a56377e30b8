namespace KvStore.Client.Tests;

/// <summary>
/// Ten thousand random faults between the client and the store, with retries. After each call what the caller believes about the write is compared with
/// what the store knows.
/// </summary>
public sealed class RandomFaultTests
{
    private const int Sequences = 20;
    private const int FaultsPerSequence = 500;

    private readonly Dictionary<Fault, int> _faults = [];
    private readonly Dictionary<(KvOutcome Belief, bool IsApplied), int> _beliefs = [];

    [Fact]
    public async Task Belief_AfterRandomFaults_IsTrue()
    {
        await Seed.ForEachAsync(Sequences, RunAsync);
        var output = TestContext.Current.TestOutputHelper!;
        output.WriteLine(string.Join(", ", _faults));
        output.WriteLine(string.Join(", ", _beliefs));
        if (_faults.Values.Sum() - _faults[Fault.None] < Sequences * FaultsPerSequence)
            return;

        // All faults happened, and the client is not merely unsure.
        Assert.All(Enum.GetValues<Fault>(), fault => Assert.True(_faults[fault] > 100, $"{fault} is rare."));
        Assert.All([KvOutcome.Applied, KvOutcome.NotApplied], belief => Assert.True(_beliefs[(belief, belief == KvOutcome.Applied)] > 100, $"{belief} is rare."));
        Assert.All([true, false], isApplied => Assert.True(_beliefs[(KvOutcome.Unknown, isApplied)] > 100));
    }

    private async Task RunAsync(int seed)
    {
        var (random, time) = (new Random(seed), new FakeTimeProvider());
        var store = new FaultyStore(random, time);
        await using var server = new ScriptedServer(store.AnswerAsync);
        using var http = new HttpClient(new SocketsHttpHandler { ConnectCallback = store.ConnectAsync }) { Timeout = Timeout.InfiniteTimeSpan };
        using var client = new KvStoreClient(http, server.Address, Clients.Quick with
        {
            TimeProvider = time,
            RetriesMax = random.Next(5),
            MakesWritesIdempotent = random.Next(4) > 0,
        });
        for (var call = 0; store.Happened.Where(pair => pair.Key != Fault.None).Sum(pair => pair.Value) < FaultsPerSequence; call++)
        {
            if (random.Next(2) == 0)
                store.Put(call);
            store.HasDroppedRecords = false;
            var operation = random.Next(10);
            var (belief, description) = operation == 0 ? await ReadAsync(client, store, call) : await BelieveAsync(() => WriteAsync(client, store, operation, call));
            var applied = store.AppliedOf(call);
            var isTrue = belief switch
            {
                KvOutcome.Applied => applied > 0,
                KvOutcome.NotApplied => applied == 0,
                _ => true,
            };
            Assert.True(isTrue, $"Call {call}, operation {operation}: the client believes {belief} ({description}), but the write was applied {applied} times.");
            Assert.True(applied <= 1 || store.HasDroppedRecords, $"Call {call}, operation {operation}: the write was applied {applied} times.");
            _beliefs[(belief, applied > 0)] = _beliefs.GetValueOrDefault((belief, applied > 0)) + 1;
        }

        foreach (var (fault, count) in store.Happened)
            _faults[fault] = _faults.GetValueOrDefault(fault) + count;
    }

    private static async Task<(KvOutcome Belief, string Description)> BelieveAsync(Func<Task<bool>> write)
    {
        try
        {
            return await write() ? (KvOutcome.Applied, "a result") : (KvOutcome.NotApplied, "null");
        }
        catch (KvStoreException exception)
        {
            return (exception.Outcome, exception.Message);
        }
    }

    // False if the result is that there is no entry.
    private static async Task<bool> WriteAsync(KvStoreClient client, FaultyStore store, int operation, int call)
    {
        var key = $"k{call}";
        var token = Clients.Token;
        switch (operation)
        {
            case 1:
                return await client.DeleteAsync(key, cancellationToken: token) is not null;
            case 2:
                return await client.PatchAsync(key, "{}"u8.ToArray(), cancellationToken: token) is not null;
            case 3:
                await client.IncrementAsync(key, cancellationToken: token);
                break;
            case 4:
                await client.AppendAsync($"{key}/", "value"u8.ToArray(), cancellationToken: token);
                break;
            case 5:
                await client.DeletePrefixAsync(key, token);
                break;
            case 6:
                await client.TransactAsync(new KvTransaction().IfPresent(key).Put(key, "value"), token);
                break;
            case 7:
                await client.PutAsync(key, "value", new KvWriteOptions { IfAbsent = true }, token);
                break;
            case 8:
                await client.PutAsync(key, "value", new KvWriteOptions { IfRevision = store.EntryOf(call) is { } read ? KvRevision.Parse($"{read}") : null }, token);
                break;
            default:
                await client.PutAsync(key, "value", cancellationToken: token);
                break;
        }

        return true;
    }

    private static async Task<(KvOutcome Belief, string Description)> ReadAsync(KvStoreClient client, FaultyStore store, int call)
    {
        try
        {
            var entry = await client.GetAsync($"k{call}", cancellationToken: Clients.Token);
            if (entry is null)
                Assert.True(store.HasSaidAbsent(call), $"Call {call}: the client says that there is no entry, the store never did.");
            else
                Assert.Equal(FaultyStore.ValueOf(entry.Revision.Number), entry.Text);
            return (KvOutcome.NotApplied, "a read");
        }
        catch (KvStoreException exception)
        {
            return (exception.Outcome, exception.Message);
        }
    }
}
