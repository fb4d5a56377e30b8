using System.Text;
using System.Text.Json.Serialization;

namespace KvStore.Extensions.Tests;

/// <summary>Calls of the client that are about one entry without its value, about time, and about many entries at once.</summary>
public sealed partial class ClientCallTests(Service service)
{
    private readonly string _prefix = Service.NewPrefix();

    private KvStoreClient Client => service.Client;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Exists_And_Metadata_HaveNoValue()
    {
        var key = _prefix + "a b/\u00E4";
        Assert.False(await Client.ExistsAsync(key, cancellationToken: Token));
        Assert.Null(await Client.GetMetadataAsync(key, cancellationToken: Token));
        var written = await Client.PutAsync(key, "12345", new KvWriteOptions { TimeToLive = TimeSpan.FromHours(1) }, Token);

        Assert.True(await Client.ExistsAsync(key, cancellationToken: Token));
        var entry = await Client.GetMetadataAsync(key, cancellationToken: Token);
        Assert.Equal((key, written.Revision, "text/plain; charset=utf-8", 5L, false), (entry!.Key, entry.Revision, entry.ContentType, entry.Size, entry.HasValue));
        Assert.InRange(entry.TimeToLive!.Value, TimeSpan.FromMinutes(59), TimeSpan.FromMinutes(61));
        Assert.False(await Client.ExistsAsync(key, new KvReadOptions { Revision = KvRevision.Parse((written.Revision.Number - 1).ToString(System.Globalization.CultureInfo.InvariantCulture)) }, Token));
    }

    [Fact]
    public async Task Touch_ChangesOnlyTheExpiry()
    {
        var key = _prefix + "session";
        Assert.Null(await Client.TouchAsync(key, TimeSpan.FromHours(1), cancellationToken: Token));
        await Client.PutAsync(key, "value", cancellationToken: Token);

        var touched = await Client.TouchAsync(key, TimeSpan.FromHours(2), cancellationToken: Token);
        var entry = await Client.GetAsync(key, cancellationToken: Token);
        Assert.Equal((touched!.Value, "value"), (entry!.Revision, entry.Text));
        Assert.InRange(entry.TimeToLive!.Value, TimeSpan.FromMinutes(119), TimeSpan.FromMinutes(121));

        Assert.NotNull(await Client.TouchAsync(key, null, new KvWriteOptions { IfRevision = touched }, Token));
        Assert.Null((await Client.GetAsync(key, cancellationToken: Token))!.ExpiresAt);
        await Assert.ThrowsAsync<KvPreconditionFailedException>(() => Client.TouchAsync(key, null, new KvWriteOptions { IfRevision = touched }, Token));
    }

    [Fact]
    public async Task Wait_EndsWithTheChange()
    {
        var key = _prefix + "key";
        var absent = await Client.WaitAsync(key, TimeSpan.Zero, cancellationToken: Token);
        Assert.False(absent.HasChanged);

        // After a position: a change that came before the call ends it too.
        await Client.PutAsync(key, "one", cancellationToken: Token);
        var created = await Client.WaitAsync(key, Soon.Patience, absent.Revision, Token);
        Assert.Equal((true, "one"), (created.HasChanged, created.Entry!.Text));

        var waiting = Client.WaitAsync(key, Soon.Patience, created.Revision, Token);
        await Client.DeleteAsync(key, cancellationToken: Token);
        var deleted = await waiting.Within();
        Assert.Equal((true, null), (deleted.HasChanged, deleted.Entry));
        Assert.False((await Client.WaitAsync(key, TimeSpan.FromMilliseconds(50), deleted.Revision, Token)).HasChanged);
    }

    [Fact]
    public async Task ListPage_HasTheFirstEntriesAfterAKey()
    {
        foreach (var key in new[] { "a", "b", "c" })
            await Client.PutAsync(_prefix + key, key, cancellationToken: Token);
        var first = await Client.ListPageAsync(_prefix, 2, cancellationToken: Token);
        Assert.Equal([_prefix + "a", _prefix + "b"], first.Entries.Select(entry => entry.Key));
        Assert.True(first.HasMore);
        Assert.False(first.Entries[0].HasValue);
        var rest = await Client.ListPageAsync(_prefix, 2, first.Entries[^1].Key, withValues: true, cancellationToken: Token);
        Assert.Equal("c", Assert.Single(rest.Entries).Text);
        Assert.False(rest.HasMore);
        var old = await Client.ListPageAsync(_prefix, options: new KvReadOptions { Revision = first.Entries[0].Revision }, cancellationToken: Token);
        Assert.Equal(_prefix + "a", Assert.Single(old.Entries).Key);
        foreach (var limit in new[] { 0, 1001 })
            await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => Client.ListPageAsync(_prefix, limit, cancellationToken: Token));
    }

    [Fact]
    public async Task ListLevel_HasEntriesAndGroupsInOrder()
    {
        foreach (var key in new[] { "a", "b/1", "b/2", "c", "d/x/y", "\uFFFD", "\U0001F600/1" })
            await Client.PutAsync(_prefix + key, key, cancellationToken: Token);
        var items = await Client.ListLevelAsync(_prefix, withValues: true, cancellationToken: Token).ToListAsync(Token);
        Assert.Equal(["a", "b/", "c", "d/", "\uFFFD", "\U0001F600/"], items.Select(item => item.Name[_prefix.Length..]));
        Assert.Equal([false, true, false, true, false, true], items.Select(item => item.IsGroup));
        Assert.Equal("a", items[0].Entry!.Text);
        Assert.Equal(["x/"], await Client.ListLevelAsync(items[3].Name, cancellationToken: Token).Select(item => item.Name[items[3].Name.Length..]).ToListAsync(Token));
    }

    [Fact]
    public async Task Export_ThenImport_RoundTrips()
    {
        await Client.PutAsync(_prefix + "text", "one", cancellationToken: Token);
        await Client.PutAsync(_prefix + "bytes", new byte[] { 0, 255 }, "image/png", cancellationToken: Token);
        using var file = new MemoryStream();
        var revision = await Client.ExportAsync(file, _prefix, cancellationToken: Token);
        Assert.True(revision.Number > 0);
        await Client.DeletePrefixAsync(_prefix, Token);

        file.Write("not json\n"u8);
        file.Position = 0;
        var sent = new Counted();
        var report = await Client.ImportAsync(file, sent, Token);
        Assert.Equal((2, 1, 3), (report.Imported, report.Failed, report.Errors.Single().Line));
        Assert.Equal(file.Length, sent.Last);
        Assert.Equal([0, 255], (await Client.GetAsync(_prefix + "bytes", new KvReadOptions { MinRevision = report.Revision }, Token))!.Value.ToArray());
    }

    [Fact]
    public async Task Import_SourceFails_ThrowsWhatTheSourceThrew()
    {
        var source = new FailingStream();
        Assert.Same(source.Failure, await Assert.ThrowsAsync<InvalidDataException>(() => Client.ImportAsync(source, cancellationToken: Token)));
    }

    [Fact]
    public async Task Json_WithAndWithoutSourceGeneration_IsTheSame()
    {
        Assert.Null(await Client.GetJsonAsync(_prefix + "absent", TestJson.Default.Person, cancellationToken: Token));
        await Client.PutJsonAsync(_prefix + "reflection", new Person("Ada", 36), cancellationToken: Token);
        await Client.PutJsonAsync(_prefix + "generated", new Person("Ada", 36), TestJson.Default.Person, cancellationToken: Token);
        Assert.Equal("""{"name":"Ada","age":36}""", (await Client.GetAsync(_prefix + "reflection", cancellationToken: Token))!.Text);
        foreach (var key in new[] { "reflection", "generated" })
        {
            Assert.Equal(new Person("Ada", 36), await Client.GetJsonAsync<Person>(_prefix + key, cancellationToken: Token));
            Assert.Equal(new Person("Ada", 36), await Client.GetJsonAsync(_prefix + key, TestJson.Default.Person, cancellationToken: Token));
        }
    }

    private sealed class Counted : IProgress<long>
    {
        public long Last { get; private set; }

        public void Report(long value) => Last = value;
    }

    private sealed class FailingStream : MemoryStream
    {
        private bool _hasBegun;

        public Exception Failure { get; } = new InvalidDataException("The file is damaged.");

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_hasBegun)
                return ValueTask.FromException<int>(Failure);
            _hasBegun = true;
            return ValueTask.FromResult(Encoding.UTF8.GetBytes("""{"key":"a","json":1}""" + "\n", buffer.Span));
        }
    }
}

internal sealed record Person(string Name, int Age);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(Person))]
[JsonSerializable(typeof(Counter))]
internal sealed partial class TestJson : JsonSerializerContext;

internal sealed record Counter(int Value);
