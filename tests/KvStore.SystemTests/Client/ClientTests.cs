using System.Net;
using System.Text;
using System.Text.Json.Serialization;
using KvStore.Client;

namespace KvStore.SystemTests;

/// <summary>The client for .NET against the real service.</summary>
public sealed partial class ClientTests : IAsyncLifetime
{
    private ServerProcess _server = null!;
    private KvStoreClient _client = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await ServerProcess.StartAsync(("Engine", "memory"));
        _client = new KvStoreClient(_server.Address);
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _server.DisposeAsync();
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("user/42/name")]
    [InlineData("a%2Fb+c d?e#f&g=h;i")]
    [InlineData("\u00E4\u00F6/\U0001F600/%25/~.x..")]
    public async Task Entry_AnyKey_RoundTrips(string key)
    {
        Assert.Null(await _client.GetAsync(key, cancellationToken: Token));
        var created = await _client.PutAsync(key, new byte[] { 0, 255, 10 }, "image/png", new KvWriteOptions { IfAbsent = true }, Token);
        Assert.True(created.Created);

        var entry = await _client.GetAsync(key, cancellationToken: Token);
        Assert.Equal((key, created.Revision, "image/png"), (entry!.Key, entry.Revision, entry.ContentType));
        Assert.Equal([0, 255, 10], entry.Value.ToArray());

        var exists = await Assert.ThrowsAsync<KvPreconditionFailedException>(() => _client.PutAsync(key, "x", new KvWriteOptions { IfAbsent = true }, Token));
        Assert.Equal(created.Revision, exists.CurrentRevision);
        var replaced = await _client.PutAsync(key, "text", new KvWriteOptions { IfRevision = created.Revision }, Token);
        Assert.False(replaced.Created);
        Assert.Equal("text", (await _client.GetAsync(key, new KvReadOptions { MinRevision = replaced.Revision }, Token))!.Text);
        Assert.Equal([0, 255, 10], (await _client.GetAsync(key, new KvReadOptions { Revision = created.Revision }, Token))!.Value.ToArray());
        await Assert.ThrowsAsync<KvPreconditionFailedException>(() => _client.DeleteAsync(key, new KvWriteOptions { IfRevision = created.Revision }, Token));
        Assert.True((await _client.DeleteAsync(key, cancellationToken: Token))!.Value.Number > replaced.Revision.Number);
        Assert.Null(await _client.DeleteAsync(key, cancellationToken: Token));
    }

    [Fact]
    public async Task Json_Typed_RoundTrips()
    {
        await _client.PutJsonAsync("user/1", new User("Ada", 36), TestJson.Default.User, cancellationToken: Token);
        Assert.NotNull(await _client.PatchJsonAsync("user/1", new User("Ada Lovelace", null), TestJson.Default.User, cancellationToken: Token));
        Assert.Equal(new User("Ada Lovelace", null), (await _client.GetAsync("user/1", cancellationToken: Token))!.As(TestJson.Default.User));
        Assert.Null(await _client.PatchAsync("absent", "{}"u8.ToArray(), cancellationToken: Token));
        await _client.PutAsync("text", "not json", cancellationToken: Token);
        var refused = await Assert.ThrowsAsync<KvStoreException>(() => _client.PatchAsync("text", "{}"u8.ToArray(), cancellationToken: Token));
        Assert.Equal((HttpStatusCode.Conflict, "not-json"), (refused.StatusCode!.Value, refused.Problem));
    }

    [Fact]
    public async Task Counter_Concurrent_LosesNone()
    {
        var numbers = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => _client.IncrementAsync("hits", 3, cancellationToken: Token)));
        Assert.Equal(Enumerable.Range(1, 200).Select(i => 3L * i), numbers.Order());
        Assert.Equal(590, await _client.IncrementAsync("hits", -10, cancellationToken: Token));
    }

    [Fact]
    public async Task List_SeveralPages_ReadOneSnapshot()
    {
        await Parallel.ForEachAsync(Enumerable.Range(0, 2500), Token, async (i, token) => await _client.PutAsync($"n/{i:D4}", $"{i}", cancellationToken: token));
        await _client.PutAsync("other", "x", cancellationToken: Token);
        var keys = new List<string>();
        await foreach (var entry in _client.ListAsync("n/", withValues: true, cancellationToken: Token))
        {
            if (keys.Count == 0)
                Assert.Equal(2500, await _client.DeletePrefixAsync("n/", Token));
            Assert.Equal($"n/{int.Parse(entry.Text, System.Globalization.CultureInfo.InvariantCulture):D4}", entry.Key);
            keys.Add(entry.Key);
        }

        Assert.Equal(Enumerable.Range(0, 2500).Select(i => $"n/{i:D4}"), keys);
        Assert.Equal((0, 1), (await _client.CountAsync("n/", cancellationToken: Token), await _client.CountAsync(cancellationToken: Token)));
    }

    [Fact]
    public async Task Append_Sequence_ListsInOrder()
    {
        var keys = new List<string>();
        for (var i = 0; i < 5; i++)
            keys.Add(await _client.AppendAsync("queue %/", Encoding.UTF8.GetBytes($"{i}"), cancellationToken: Token));
        var found = await _client.GetManyAsync([.. keys, "absent"], cancellationToken: Token);
        Assert.Equal(keys.Order(StringComparer.Ordinal), keys);
        Assert.Equal(["0", "1", "2", "3", "4"], keys.Select(key => found[key].Text));
        Assert.False(found.ContainsKey("absent"));
    }

    [Fact]
    public async Task Transaction_GuardedTransfers_KeepTheSum()
    {
        await _client.PutAsync("account/1", "100", cancellationToken: Token);
        await _client.PutAsync("account/2", "100", cancellationToken: Token);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(i => TransferAsync(i % 2 == 0 ? 10 : -10, 5)));
        var accounts = (await _client.TransactAsync(new KvTransaction().Get("account/1").Get("absent").Get("account/2"), Token)).Reads;
        Assert.Equal(["100", null, "100"], accounts.Select(entry => entry?.Text));

        var failed = await Assert.ThrowsAsync<KvPreconditionFailedException>(() => _client.TransactAsync(
            new KvTransaction().IfAbsent("account/1").IfPresent("absent").IfRevision("account/2", KvRevision.Parse("1")).Put("account/1", [1]).Delete("absent").Move("account/2", "account/3"), Token));
        Assert.Equal(["account/1", "absent", "account/2"], failed.Failed.Select(guard => guard.Key));
        Assert.Equal([accounts[0]!.Revision, null, accounts[2]!.Revision], failed.Failed.Select(guard => guard.Revision));
    }

    private async Task TransferAsync(int amount, int times)
    {
        while (times > 0)
        {
            var both = (await _client.TransactAsync(new KvTransaction().Get("account/1").Get("account/2"), Token)).Reads;
            var (one, two) = (int.Parse(both[0]!.Text, System.Globalization.CultureInfo.InvariantCulture), int.Parse(both[1]!.Text, System.Globalization.CultureInfo.InvariantCulture));
            Assert.Equal(200, one + two);
            try
            {
                await _client.TransactAsync(new KvTransaction().IfRevision("account/1", both[0]!.Revision).IfRevision("account/2", both[1]!.Revision)
                    .Put("account/1", $"{one - amount}").Put("account/2", $"{two + amount}"), Token);
                times--;
            }
            catch (KvPreconditionFailedException)
            {
                // Another client was faster.
            }
        }
    }

    internal sealed record User(string Name, int? Age);

    [JsonSerializable(typeof(User))]
    [JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.Never)]
    internal sealed partial class TestJson : JsonSerializerContext;
}
