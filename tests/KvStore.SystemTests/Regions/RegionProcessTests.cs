using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;

namespace KvStore.SystemTests;

/// <summary>
/// Three regions as processes, of which two have wrong clocks (libfaketime), with links that are cut: one after the other is killed while clients change the same values
/// everywhere. Afterwards all have the same, with every acknowledged change, and each region was linearizable by itself.
/// </summary>
[Trait("Needs", "packages")]
public sealed class RegionProcessTests : IAsyncDisposable
{
    private const int Regions = 3;
    private const int ConfigurationsMax = 300_000;
    private const string Counter = "/v1/crdt/shared/counter";
    private const string Set = "/v1/crdt/shared/set";

    private static readonly int Rounds = Environment.GetEnvironmentVariable("KVSTORE_TEST_LONG") == "1" ? 100 : 1;
    private static readonly string[] ClockErrors = ["+0s", "+1h", "-1h"];

    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(10) };
    private readonly DataDirectory[] _data = [.. Enumerable.Range(0, Regions).Select(_ => new DataDirectory())];
    private readonly Link[] _links = [.. Enumerable.Range(0, Regions).Select(_ => new Link())];
    private readonly ServerProcess[] _servers = new ServerProcess[Regions];
    private readonly HashSet<string> _added = [];
    private long _acknowledged;
    private long _unknown;

    [Fact]
    public async Task Rounds_KillsCutsAndWrongClocks_ConvergeAndStayLinearizable()
    {
        var random = Seed.NewRandom();
        await Task.WhenAll(Enumerable.Range(0, Regions).Select(StartAsync));
        Assert.Equal(HttpStatusCode.Created, await ChangeAsync(0, Counter + "?type=g-counter", "{\"increment\":0}"));
        Assert.Equal(HttpStatusCode.Created, await ChangeAsync(0, Set + "?type=or-set", "{\"add\":[]}"));
        await AgreeAsync();
        for (var round = 0; round < Rounds; round++)
            await RunAsync(new Random(random.Next()), victim: random.Next(Regions), round);
        TestContext.Current.TestOutputHelper?.WriteLine($"{Rounds} rounds, {_acknowledged} increments acknowledged, {_unknown} unknown, {_added.Count} elements");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _servers.OfType<ServerProcess>())
            await server.DisposeAsync();
        foreach (var link in _links)
            link.Dispose();
        foreach (var data in _data)
            data.Dispose();
        _http.Dispose();
    }

    private async Task RunAsync(Random random, int victim, int round)
    {
        using var over = new CancellationTokenSource();
        var changing = Enumerable.Range(0, Regions).Select(index => KeepChangingAsync(index, round, over.Token)).ToArray();
        var others = Enumerable.Range(0, Regions).Where(index => index != victim).ToArray();
        var histories = others.Select(index => Recorder.RecordAsync(_servers[index].Address, $"history/{round}/", new Random(random.Next()))).ToArray();
        _links[random.Next(Regions)].Cut();
        await Task.Delay(random.Next(50, 200), TestContext.Current.CancellationToken);
        _servers[victim].Send(Signal.Kill);
        await _servers[victim].WaitForExitAsync(TimeSpan.FromSeconds(10));
        await Task.WhenAll(histories);
        await over.CancelAsync();
        await Task.WhenAll(changing);
        await _servers[victim].DisposeAsync();
        await StartAsync(victim);
        foreach (var link in _links)
            link.Heal();

        foreach (var history in histories)
        {
            if (Violation.Find(await history, ConfigurationsMax) is { } wrong)
                Assert.Fail($"Round {round}, with the seed that is printed. {wrong}");
        }

        await AgreeAsync();
        Assert.InRange(long.Parse(await GetAsync(0, Counter), CultureInfo.InvariantCulture), _acknowledged, _acknowledged + _unknown);
        Assert.Superset(_added, JsonSerializer.Deserialize<HashSet<string>>(await GetAsync(1, Set))!);
    }

    private async Task StartAsync(int index)
    {
        var next = (index + 1) % Regions;
        (string, string)[] settings =
        [
            ("FlushMode", "interval"), ("Regions__next__Address", _links[next].Address.AbsoluteUri), ("Regions__next__Prefixes__0", "shared/"), ("Regions__next__BackoffMax", "200ms"),
        ];
        var server = ServerProcess.Launch(
            ["--urls", "http://127.0.0.1:0", "--data", _data[index].FullName], settings.Select(setting => ("KvStore__" + setting.Item1, setting.Item2)), ClockTests.Faketime(ClockErrors[index]));
        _servers[index] = await server.WhenReadyAsync();
        _links[index].Target = new IPEndPoint(IPAddress.Loopback, server.Address.Port);
    }

    private async Task KeepChangingAsync(int index, int round, CancellationToken cancellationToken)
    {
        for (var i = 0; !cancellationToken.IsCancellationRequested; i++)
        {
            var status = await ChangeAsync(index, Counter, "{\"increment\":1}");
            if (status == HttpStatusCode.OK)
                Interlocked.Increment(ref _acknowledged);
            else if (status is null or HttpStatusCode.GatewayTimeout)
                Interlocked.Increment(ref _unknown);

            var element = string.Create(CultureInfo.InvariantCulture, $"{round}/{index}/{i}");
            if (i % 10 != 0 || await ChangeAsync(index, Set, $"{{\"add\":[\"{element}\"]}}") != HttpStatusCode.OK)
                continue;
            lock (_added)
                _added.Add(element);
        }
    }

    // Null if it is unknown what became of it.
    private async Task<HttpStatusCode?> ChangeAsync(int index, string target, string intent)
    {
        try
        {
            using var body = new StringContent(intent, Encoding.UTF8, "application/json");
            using var answer = await _http.PostAsync(new Uri(_servers[index].Address, target), body, TestContext.Current.CancellationToken);
            return answer.StatusCode;
        }
        catch (HttpRequestException exception)
        {
            // A service that was killed refuses at once, over and over.
            await Task.Delay(5, TestContext.Current.CancellationToken);
            return exception.HttpRequestError == HttpRequestError.ConnectionError ? HttpStatusCode.ServiceUnavailable : null;
        }
    }

    private Task<string> GetAsync(int index, string target) => _http.GetStringAsync(new Uri(_servers[index].Address, target), TestContext.Current.CancellationToken);

    private async Task AgreeAsync()
    {
        foreach (var target in (string[])[Counter, Set])
            await Soon.UntilAsync(async () => await Task.WhenAll(Enumerable.Range(0, Regions).Select(index => StateAsync(index, target))) is var states && states[0] is not null && states.All(state => state == states[0]));
    }

    // The full state, with which equal replicas agree to the byte.
    private async Task<string?> StateAsync(int index, string target)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_servers[index].Address, target)) { Headers = { { "Accept", "application/vnd.kvstore.delta+json" } } };
        using var answer = await _http.SendAsync(request, TestContext.Current.CancellationToken);
        if (answer.StatusCode == HttpStatusCode.NotFound)
            return null;
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        using var document = JsonDocument.Parse(await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        return document.RootElement.GetProperty("delta").GetString();
    }
}
