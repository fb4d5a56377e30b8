using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;

namespace KvStore.Server.Tests;

/// <summary>Some stores that are regions of each other, with links that can be cut and clocks that differ.</summary>
internal sealed class RegionGroup : IAsyncDisposable
{
    public const string Prefix = "shared/";

    private readonly KvServer?[] _servers;
    private readonly Dictionary<(int From, int To), Link> _links;
    private readonly TemporaryDirectory? _directory;
    private readonly string[] _data;
    private readonly (string, string)[] _settings;
    private readonly LogLines? _log;

    private RegionGroup(int count, (int From, int To)[] links, bool isDurable, LogLines? log, (string, string)[] settings)
    {
        _servers = new KvServer?[count];
        _links = links.ToDictionary(link => link, _ => new Link());
        _directory = isDurable ? new TemporaryDirectory() : null;
        _data = [.. Enumerable.Range(0, count).Select(_ => _directory?.New() ?? "")];
        (_settings, _log) = (settings, log);
    }

    public int Count => _servers.Length;

    public IEnumerable<Link> Links => _links.Values;

    /// <summary>The clock of the first store; null for one that is wrong.</summary>
    public TimeProvider? Time { get; init; }

    /// <summary>Starts stores.</summary>
    /// <param name="count">How many.</param>
    /// <param name="links">Which store has which other one among its regions.</param>
    /// <param name="isDurable">Whether they keep their data over a restart.</param>
    /// <param name="log">Gets the log of the first one.</param>
    /// <param name="settings">Further settings of each.</param>
    /// <param name="time">The clock of the first one; null for one that is wrong, as those of the others are.</param>
    public static async Task<RegionGroup> StartAsync(int count, (int From, int To)[] links, bool isDurable = false, LogLines? log = null, (string, string)[]? settings = null, TimeProvider? time = null)
    {
        var group = new RegionGroup(count, links, isDurable, log, settings ?? []) { Time = time };

        // The last one first: others may have it among their regions, and should find it.
        for (var i = count - 1; i >= 0; i--)
            await group.StartAsync(i);
        return group;
    }

    public KvServer Server(int index) => _servers[index]!;

    public KvClient Client(int index) => Server(index).Client;

    public Link LinkOf(int from, int to) => _links[(from, to)];

    public RegionPeer PeerOf(int from, int to) => Server(from).Services.GetRequiredService<ServedRegions>().All.Single(region => region.Options.Name == NameOf(to));

    public async Task StartAsync(int index)
    {
        // A clock that is wrong by up to an hour and a half.
        var options = new KvServerOptions { Log = index == 0 ? _log : null, Services = services => services.AddSingleton(index == 0 && Time is not null ? Time : new WrongTime(TimeSpan.FromMinutes(((index * 67) % 180) - 90))) };
        if (_directory is not null)
            (options.Settings["Engine"], options.Settings["Data"]) = ("disk", _data[index]);
        foreach (var (link, connection) in _links.Where(link => link.Key.From == index))
        {
            var section = $"KvStore:Regions:{NameOf(link.To)}:";
            options.Settings[section + "Address"] = connection.Address.AbsoluteUri;
            options.Settings[section + "Prefixes:0"] = Prefix;
            options.Settings[section + "BackoffMax"] = "200ms";
            options.Settings[section + "CallTimeout"] = "5s";
        }

        foreach (var (name, value) in _settings)
            options.Settings[name] = value;
        _servers[index] = await KvServer.StartAsync(options);
        foreach (var (link, connection) in _links.Where(link => link.Key.To == index))
            connection.Target = _servers[index]!.EndPoint;
    }

    /// <summary>Stops a store and starts it again, at another address, while its clients may be at work.</summary>
    public async Task RestartAsync(int index)
    {
        foreach (var (link, connection) in _links.Where(link => link.Key.To == index))
            connection.Target = null;
        await _servers[index]!.DisposeAsync();
        await StartAsync(index);
    }

    /// <summary>Changes a value by an intent.</summary>
    public Task<Response> ChangeAsync(int index, string key, string intent, string? type = null) =>
        Client(index).PostJsonAsync($"/v1/crdt/{Prefix}{key}{(type is null ? "" : "?type=" + type)}", intent);

    public Task<Response> ReadAsync(int index, string key) => Client(index).GetAsync($"/v1/crdt/{Prefix}{key}");

    /// <summary>The full state of a value, with which equal replicas agree to the byte; null if there is none.</summary>
    public async Task<string?> StateAsync(int index, string key)
    {
        var answer = await Client(index).GetAsync($"/v1/crdt/{Prefix}{key}", ("Accept", "application/vnd.kvstore.delta+json"));
        return answer.Status == 404 ? null : answer.Expect(200).Json.GetProperty("delta").GetString();
    }

    /// <summary>Waits until all stores have the same of a value.</summary>
    public async Task EqualAsync(params string[] keys)
    {
        foreach (var key in keys)
        {
            string?[] states = [];
            try
            {
                await Soon.UntilAsync(async () =>
                {
                    states = await Task.WhenAll(Enumerable.Range(0, Count).Select(index => StateAsync(index, key)));
                    return states[0] is not null && states.All(state => state == states[0]);
                });
            }
            catch (TimeoutException)
            {
                Assert.Fail($"The stores do not agree on {key}:\n{string.Join('\n', states)}\n{string.Join('\n', await Task.WhenAll(Enumerable.Range(0, Count).Select(DescribeAsync)))}");
            }
        }
    }

    public async Task<JsonElement> RegionAsync(int from, int to) =>
        (await Client(from).GetAsync("/v1/regions")).Expect(200).Json.GetProperty("regions").EnumerateArray().Single(region => region.GetProperty("name").GetString() == NameOf(to));

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _servers)
        {
            if (server is not null)
                await server.DisposeAsync();
        }

        foreach (var link in _links.Values)
            link.Dispose();
        _directory?.Dispose();
    }

    private static string NameOf(int index) => "r" + index.ToString(CultureInfo.InvariantCulture);

    private async Task<string> DescribeAsync(int index) => (await Client(index).GetAsync("/v1/regions")).Text;

    /// <summary>A clock that is wrong.</summary>
    public sealed class WrongTime(TimeSpan error) : TimeProvider
    {
        public TimeSpan Error { get; set; } = error;

        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + Error;
    }
}
