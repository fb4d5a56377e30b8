using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using KvStore.Extensions.Configuration;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Primitives;

namespace KvStore.Extensions.Tests;

/// <summary>Configuration from a service that stays.</summary>
public sealed class ConfigurationTests(Service service) : IDisposable
{
    private readonly string _prefix = Service.NewPrefix();
    private readonly ConcurrentQueue<Exception> _errors = [];
    private IConfigurationRoot? _root;

    private KvStoreClient Client => service.Client;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => (_root as IDisposable)?.Dispose();

    [Fact]
    public async Task Values_AreNamedBySlashesAndFlattened()
    {
        await Client.PutAsync(_prefix + "Shop/Title", "The shop", cancellationToken: Token);
        await Client.PutAsync(_prefix + "Shop", """{"Open":true,"Rate":1.50,"Days":["Mon",{"Name":"Tue"}],"None":null,"Empty":{},"List":[]}"""u8.ToArray(), "application/json", cancellationToken: Token);
        await Client.PutAsync(_prefix + "typed", "[1]"u8.ToArray(), "application/vnd.shop+json; charset=utf-8", cancellationToken: Token);
        await Client.PutAsync(_prefix + "text", """{"not":"flattened"}""", cancellationToken: Token);
        await Client.PutAsync(_prefix[..^1] + "-other", "not below the prefix", cancellationToken: Token);
        var root = Load();

        Assert.Equal("The shop", root["shop:title"]);
        Assert.Equal(("True", "1.50", "Mon", "Tue"), (root["Shop:Open"], root["Shop:Rate"], root["Shop:Days:0"], root["Shop:Days:1:Name"]));
        Assert.Equal((null, null, ""), (root["Shop:None"], root["Shop:Empty"], root["Shop:List"]));
        Assert.Equal(("1", """{"not":"flattened"}"""), (root["typed:0"], root["text"]));
        Assert.Equal(["Days", "Empty", "List", "None", "Open", "Rate", "Title"], root.GetSection("Shop").GetChildren().Select(section => section.Key));
        Assert.Equal(["Shop", "text", "typed"], root.GetChildren().Select(section => section.Key));
    }

    // The same as .NET's JSON files say of the same text.
    [Fact]
    public async Task Json_IsFlattenedAsJsonFilesAre()
    {
        const string Text = """{"a":{"b":[1,[2,{"c":"d"}],{}],"e":false},"f":1e3,"g":"","h":[],"i":{"":"unnamed"}}""";
        await Client.PutAsync(_prefix, Text.Length > 0 ? Encoding.UTF8.GetBytes(Text) : default, "application/json", cancellationToken: Token);
        var expected = new ConfigurationBuilder().AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes(Text))).Build();
        Assert.Equal(expected.AsEnumerable().OrderBy(pair => pair.Key), Load().AsEnumerable().OrderBy(pair => pair.Key));
    }

    [Fact]
    public async Task Change_Reloads()
    {
        await Client.PutAsync(_prefix + "a", "1", cancellationToken: Token);
        await Client.PutAsync(_prefix + "b", """{"x":1,"y":2}"""u8.ToArray(), "application/json", cancellationToken: Token);
        var root = Load();

        await ReloadAsync(root, () => Client.TransactAsync(new KvTransaction().Put(_prefix + "a", "2").Put(_prefix + "c", "new"), Token));
        Assert.Equal(("2", "new"), (root["a"], root["c"]));
        await ReloadAsync(root, () => Client.PutAsync(_prefix + "b", """{"x":3}"""u8.ToArray(), "application/json", cancellationToken: Token));
        Assert.Equal(("3", null), (root["b:x"], root["b:y"]));
        await ReloadAsync(root, () => Client.DeleteAsync(_prefix + "a", cancellationToken: Token));
        Assert.Null(root["a"]);
    }

    [Fact]
    public async Task Changes_OfADeployment_AreFewReloads()
    {
        var root = Load(source => source.ReloadDelay = TimeSpan.FromSeconds(1));
        var reloads = 0;
        using var registration = ChangeToken.OnChange(root.GetReloadToken, () => Interlocked.Increment(ref reloads));
        await Task.WhenAll(Enumerable.Range(0, 50).Select(i => Client.PutAsync($"{_prefix}key-{i}", "value", cancellationToken: Token)));
        await Soon.UntilAsync(() => root.AsEnumerable().Count() == 50);
        Assert.InRange(reloads, 1, 25);
    }

    [Fact]
    public async Task Json_Invalid_KeepsWhatWasKnown()
    {
        await Client.PutAsync(_prefix + "a", """{"x":1}"""u8.ToArray(), "application/json", cancellationToken: Token);
        var root = Load();
        await ReloadAsync(root, () => Client.PutAsync(_prefix + "a", "{"u8.ToArray(), "application/json", cancellationToken: Token));
        Assert.Equal("1", root["a:x"]);
        Assert.Contains(_errors, error => error is FormatException && error.Message.Contains(_prefix + "a", StringComparison.Ordinal));
        await ReloadAsync(root, () => Client.PutAsync(_prefix + "a", """{"x":2}"""u8.ToArray(), "application/json", cancellationToken: Token));
        Assert.Equal("2", root["a:x"]);
    }

    [Fact]
    public async Task Callback_Throws_LaterChangesStillReload()
    {
        var root = Load();
        var hasThrown = false;
        using var registration = ChangeToken.OnChange(root.GetReloadToken, () =>
        {
            if (!hasThrown)
                throw new InvalidOperationException($"{hasThrown = true}");
        });
        await Client.PutAsync(_prefix + "a", "1", cancellationToken: Token);
        await Soon.UntilAsync(() => !_errors.IsEmpty);
        await Client.PutAsync(_prefix + "a", "2", cancellationToken: Token);
        await Soon.UntilAsync(() => root["a"] == "2");
    }

    [Fact]
    public async Task Entries_TenThousand_AreLoaded()
    {
        var lines = string.Concat(Enumerable.Range(0, 10_000).Select(i => $$"""{"key":"{{_prefix}}group-{{i % 100}}/key-{{i}}","text":"{{i}}"}""" + "\n"));
        await Client.ImportAsync(new MemoryStream(Encoding.UTF8.GetBytes(lines)), cancellationToken: Token);
        var root = Load();
        Assert.Equal(10_000, root.AsEnumerable().Count(pair => pair.Value is not null));
        Assert.Equal("9999", root["group-99:key-9999"]);
        await ReloadAsync(root, () => Client.PutAsync(_prefix + "group-0/key-0", "changed", cancellationToken: Token));
        Assert.Equal("changed", root["group-0:key-0"]);
    }

    // Prints how long it takes, with the 20 ms for which changes are gathered; what it asserts does not depend on the speed of the machine.
    [Theory]
    [InlineData(10)]
    [InlineData(10_000)]
    public async Task Change_Reload_IsSoon(int entries)
    {
        var lines = string.Concat(Enumerable.Range(0, entries).Select(i => $$"""{"key":"{{_prefix}}key-{{i}}","text":"{{i}}"}""" + "\n"));
        await Client.ImportAsync(new MemoryStream(Encoding.UTF8.GetBytes(lines)), cancellationToken: Token);
        var root = Load();
        var times = new List<TimeSpan>();
        for (var i = 0; i < 11; i++)
        {
            var start = Stopwatch.GetTimestamp();
            await ReloadAsync(root, () => Client.PutAsync(_prefix + "key-0", $"changed {i}", cancellationToken: Token));
            times.Add(Stopwatch.GetElapsedTime(start));
            Assert.Equal($"changed {i}", root["key-0"]);
        }

        times.Sort();
        TestContext.Current.TestOutputHelper!.WriteLine($"From the call to the reload with {entries} entries: median {times[5].TotalMilliseconds:F1} ms, longest {times[^1].TotalMilliseconds:F1} ms");
        Assert.True(times[5] < TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task Entries_TooMany_AreRefused()
    {
        for (var i = 0; i < 3; i++)
            await Client.PutAsync($"{_prefix}{i}", "value", cancellationToken: Token);
        var root = Load(source => (source.EntriesMax, source.StartTimeout, source.IsOptional) = (2, TimeSpan.FromMilliseconds(1), true));
        await Soon.UntilAsync(() => _errors.Any(error => error.Message.Contains("EntriesMax", StringComparison.Ordinal)));
        Assert.Empty(root.AsEnumerable());
    }

    private IConfigurationRoot Load(Action<KvStoreConfigurationSource>? configure = null) => _root = new ConfigurationBuilder().AddKvStore(source =>
    {
        (source.Client, source.Prefix, source.OnError) = (Client, _prefix, _errors.Enqueue);
        configure?.Invoke(source);
    }).Build();

    private static async Task ReloadAsync(IConfigurationRoot root, Func<Task> change)
    {
        var reloaded = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var registration = root.GetReloadToken().RegisterChangeCallback(_ => reloaded.TrySetResult(), null);
        await change();
        await reloaded.Task.Within();
    }
}
