using KvStore.Crdt;

namespace KvStore.Client.Tests;

/// <summary>
/// Random histories of several replicas: changes, cut connections, lost requests and answers, killed processes, restored and copied files, retirement and collection. In the end all are
/// connected: every replica has what the service has, each change that was saved or acknowledged is there once, and no change twice.
/// </summary>
public sealed class ReplicaHistoryTests
{
    private static readonly int Rounds = Environment.GetEnvironmentVariable("KVSTORE_TEST_LONG") == "1" ? 3000 : 20;

    [Theory]
    [InlineData(CrdtType.PNCounter)]
    [InlineData(CrdtType.ORSet)]
    [InlineData(CrdtType.Text)]
    public Task History_Random_LosesAndDoublesNothing(CrdtType type) => Seed.ForEachAsync(Rounds, seed => new ReplicaHistory(type, new Random(seed)).RunAsync());
}

/// <summary>One history.</summary>
internal sealed class ReplicaHistory(CrdtType type, Random random)
{
    private const int Steps = 40;
    private const int DevicesMax = 4;

    private readonly FakeMergeableService _service = new();
    private readonly List<Person> _people = [];
    private readonly HashSet<string> _certain = [];

    // Two copies of which both are retired repeat what both have.
    private readonly bool _hasCopies = random.Next(3) == 0;
    private int _names;

    public async Task RunAsync()
    {
        await AddAsync(new FakeStorage("0"));
        for (var step = 0; step < Steps; step++)
            await StepAsync(_people[random.Next(_people.Count)]);

        foreach (var person in _people)
        {
            person.Device.Connection.Fault = _ => (true, true);
            person.Device.Connection.Mend();
        }

        for (var pass = 0; pass < 2; pass++)
        {
            foreach (var person in _people)
            {
                await person.Device.SyncAsync();
                person.Saved();
                _certain.UnionWith(person.Certain);
            }
        }

        var names = _service.Read(NamesIn);
        Assert.Equal(names.Count, names.Distinct().Count());
        Assert.Empty(_certain.Except(names));
        Assert.Empty(names.Except(_people.SelectMany(person => person.All)));
        foreach (var person in _people)
        {
            Assert.Equal(_service.Read(value => value.Version), person.Device.Replica.Version);
            await person.Device.DisposeAsync();
        }
    }

    private async Task StepAsync(Person person)
    {
        var device = person.Device;
        switch (random.Next(12))
        {
            case 0:
                device.Connection.Cut();
                break;
            case 1 or 2:
                device.Connection.Mend();
                break;
            case 3:
                var (loses, isLate) = (random.Next(3) == 0, random.Next(2) == 0);
                device.Connection.Fault = request => request.Method != HttpMethod.Post || !loses || device.Replica is null || !device.Replica.HasUnsent ? (true, true) : (isLate, false);
                break;
            case 4:
                await device.Replica.SaveAsync(Clients.Token);
                person.Saved();
                break;
            case 5:
                await person.ReopenAsync(_service, type, isKilled: random.Next(2) == 0);
                break;
            case 6 when _people.Count < DevicesMax:
                await AddAsync(_hasCopies && random.Next(2) == 0 ? device.Storage.Copy($"{_people.Count}") : new FakeStorage($"{_people.Count}"));
                break;
            case 7 when !_hasCopies:
                // Who is not connected is retired; what the others have is stable.
                var live = _people.Where(other => other.Device.Replica.Status == KvReplicaStatus.Live).ToArray();
                _service.Collect(
                    [.. _people.Except(live).Select(other => other.Device.Replica.Id).Where(_ => random.Next(2) == 0)],
                    live.Aggregate(_service.Read(value => value.Version), (stable, other) => stable.Meet(other.Device.Replica.Version)), floor: 0);
                break;
            case 8:
                await Task.Yield();
                break;
            default:
                Change(person);
                break;
        }
    }

    private async Task AddAsync(FakeStorage storage)
    {
        var person = new Person(await Device.StartAsync(_service, type, storage));
        _people.Add(person);
    }

    private void Change(Person person)
    {
        var replica = person.Device.Replica;
        var name = $"{_names}";
        switch (type)
        {
            case CrdtType.PNCounter when _names < 31:
                replica.Increment(1L << (2 * _names));
                break;
            case CrdtType.PNCounter:
                return;
            case CrdtType.ORSet:
                replica.Change([name]);
                break;
            default:
                var (text, version) = replica.ReadText();
                replica.Edit([new TextEdit(random.Next(text.Length + 1), $"<{name}>", 0)], random.Next(2) == 0 ? null : version);
                break;
        }

        person.Did(name);
        _names++;
    }

    // The changes that a value has: two bits of the number for each, elements, or numbers in brackets, which others may have been typed into.
    private List<string> NamesIn(CrdtReplica value) => value switch
    {
        CounterReplica counter => [.. Enumerable.Range(0, 31).SelectMany(name => Enumerable.Repeat($"{name}", (int)((counter.Value >> (2 * name)) & 3)))],
        SetReplica set => [.. set.Elements],
        TextReplica text => TokensIn(text.GetText()),
        _ => throw new InvalidOperationException(),
    };

    private static List<string> TokensIn(string text)
    {
        var (names, open) = (new List<string>(), new Stack<string>());
        foreach (var c in text)
        {
            if (c == '<')
                open.Push("");
            else if (c == '>')
                names.Add(open.Pop());
            else
                open.Push(open.Pop() + c);
        }

        Assert.Empty(open);
        return names;
    }

    /// <summary>Who uses a device, and knows what was done there.</summary>
    private sealed class Person(Device device)
    {
        private readonly List<string> _done = [];
        private readonly List<string> _uncertain = [];
        private int _saved;

        public Device Device { get; private set; } = device;

        public IEnumerable<string> All => [.. _done, .. _uncertain];

        /// <summary>What must not be lost.</summary>
        public IEnumerable<string> Certain => _done.Take(_saved);

        public void Did(string name) => _done.Add(name);

        public void Saved() => _saved = _done.Count;

        public async Task ReopenAsync(FakeMergeableService service, CrdtType type, bool isKilled)
        {
            // What a process that is killed has not saved may have been saved in the background, but not for certain.
            if (isKilled)
            {
                await Device.KillAsync();
                _uncertain.AddRange(_done[_saved..]);
                _done.RemoveRange(_saved, _done.Count - _saved);
            }
            else
            {
                await Device.DisposeAsync();
                Saved();
            }

            Device = await Device.StartAsync(service, type, Device.Storage.Copy(), isCut: true);
        }
    }
}
