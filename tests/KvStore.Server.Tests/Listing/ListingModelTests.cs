using System.Text;
using System.Text.Json;

namespace KvStore.Server.Tests;

/// <summary>Random writes and listings over HTTP, each page compared with a model; reads at every revision besides.</summary>
public sealed class ListingModelTests
{
    private static readonly string[] Parts = ["a", "b", "A", "/", " ", "+", "%", "\u00E9", "\uFFFD", "\U0001F600", "~", "0", "ab", "\""];
    private static readonly string[] ContentTypes = ["application/octet-stream", "text/plain", "application/json", "text/plain; charset=utf-8"];

    private readonly Random _random = Seed.NewRandom();
    private readonly Model _model = new();

    [Fact]
    public async Task List_RandomWritesAndPages_EqualsModel()
    {
        await using var server = await KvServer.StartAsync();
        for (var round = 0; round < 120; round++)
        {
            for (var i = _random.Next(20); i >= 0; i--)
                await WriteAsync(server.Client);
            await ListAllPagesAsync(server.Client);
        }
    }

    [Fact]
    public async Task List_RandomDelimiters_EqualsModel()
    {
        await using var server = await KvServer.StartAsync();
        for (var round = 0; round < 120; round++)
        {
            for (var i = _random.Next(4); i >= 0; i--)
                await WriteAsync(server.Client);
            await ListGroupsAsync(server.Client);
            await CountAsync(server.Client);
        }
    }

    [Fact]
    public async Task Get_EveryRevision_EqualsModel()
    {
        await using var server = await KvServer.StartAsync();
        for (var i = 0; i < 200; i++)
            await WriteAsync(server.Client);

        string[] keys = [.. _model.Revisions.SelectMany(each => _model.At(each).Keys).Distinct()];
        foreach (var revision in _model.Revisions.OrderBy(_ => _random.Next()))
        {
            var state = _model.At(revision);
            foreach (var key in _random.GetItems(keys, 8))
            {
                var answer = await server.Client.GetAsync($"{TargetOf(key)}?revision={revision}");
                Assert.Equal(revision, answer.Revision);
                if (state.TryGetValue(key, out var item))
                {
                    Assert.Equal(item.Value, answer.Expect(200).Body);
                    Assert.Equal(($"\"{item.Revision}\"", item.ContentType), (answer.ETag, answer.ContentType));
                }
                else
                {
                    answer.ExpectProblem(404, "not-found");
                }
            }
        }
    }

    private async Task WriteAsync(KvClient client)
    {
        if (_model.Latest.Count > 0 && _random.Next(4) == 0)
        {
            var gone = _model.Latest.Keys.ElementAt(_random.Next(_model.Latest.Count));
            _model.Delete(gone, (await client.DeleteAsync(TargetOf(gone))).Expect(204).Revision!.Value);
            return;
        }

        var key = RandomText(1);
        var value = Encoding.UTF8.GetBytes(_random.Next(3) == 0 ? $"{{\"n\": {_random.Next(100)}}}" : RandomText(0));
        if (_random.Next(5) == 0)
            value = [.. value, 0xFF];
        var contentType = ContentTypes[_random.Next(ContentTypes.Length)];
        var answer = await client.PutAsync(TargetOf(key), value, ("Content-Type", contentType));
        answer.Expect(_model.Latest.ContainsKey(key) ? 204 : 201);
        _model.Put(key, value, contentType, answer.Revision!.Value);
    }

    private async Task ListAllPagesAsync(KvClient client)
    {
        var prefix = _random.Next(2) == 0 ? "" : RandomText(0);
        var after = _random.Next(2) == 0 ? "" : RandomText(0);
        var values = _random.Next(2) == 0;
        long? at = _random.Next(3) == 0 ? _model.Revisions[_random.Next(_model.Revisions.Count)] : null;
        var query = $"prefix={Uri.EscapeDataString(prefix)}&after={Uri.EscapeDataString(after)}" + (at is null ? "" : $"&revision={at}");
        var revision = at ?? _model.LatestRevision;
        var expected = _model.List(revision, prefix, after);

        for (var listed = 0; ;)
        {
            var limit = _random.Next(1, 30);
            var answer = (await client.GetAsync($"/v1/kv?{query}&limit={limit}&values={(values ? "true" : "false")}")).Expect(200);
            var page = answer.Json;
            Assert.Equal((revision, revision), (answer.Revision, page.GetProperty("revision").GetInt64()));

            var items = page.GetProperty("items").EnumerateArray().ToArray();
            Assert.Equal(Math.Min(limit, expected.Count - listed), items.Length);
            foreach (var item in items)
                CheckItem(expected[listed++], item, values);
            Assert.Equal(listed < expected.Count, page.TryGetProperty("cursor", out var cursor));
            if (listed == expected.Count)
                return;

            query = "cursor=" + cursor.GetString() + (_random.Next(2) == 0 ? "" : "&prefix=" + Uri.EscapeDataString(prefix));
            for (var i = _random.Next(4); i > 0; i--)
                await WriteAsync(client);
        }
    }

    private async Task ListGroupsAsync(KvClient client)
    {
        var prefix = _random.Next(2) == 0 ? "" : RandomText(0);
        var after = _random.Next(3) == 0 ? RandomText(1) : "";
        var delimiter = _random.Next(2) == 0 ? Parts[_random.Next(Parts.Length)] : RandomText(1);
        var query = $"prefix={Uri.EscapeDataString(prefix)}&after={Uri.EscapeDataString(after)}&delimiter={Uri.EscapeDataString(delimiter)}";
        var revision = _model.LatestRevision;
        var state = _model.At(revision);
        var expected = _model.List(revision, prefix, after, delimiter);

        for (var listed = 0; ;)
        {
            var limit = _random.Next(1, 10);
            var page = (await client.GetAsync($"/v1/kv?{query}&limit={limit}")).Expect(200).Json;
            Assert.Equal(revision, page.GetProperty("revision").GetInt64());
            var elements = expected.Skip(listed).Take(limit).ToArray();
            var items = page.GetProperty("items").EnumerateArray().ToArray();
            Assert.Equal(elements.Where(element => element.Value is not null).Select(element => element.Key), items.Select(item => item.GetProperty("key").GetString()));
            foreach (var item in items)
                CheckItem(KeyValuePair.Create(item.GetProperty("key").GetString()!, state[item.GetProperty("key").GetString()!]), item, values: false);
            Assert.Equal(elements.Where(element => element.Value is null).Select(element => element.Key), page.GetProperty("prefixes").EnumerateArray().Select(text => text.GetString()));

            listed += elements.Length;
            Assert.Equal(listed < expected.Count, page.TryGetProperty("cursor", out var cursor));
            if (listed == expected.Count)
                return;
            query = "cursor=" + cursor.GetString() + (_random.Next(2) == 0 ? "" : "&delimiter=" + Uri.EscapeDataString(delimiter));
            if (_random.Next(4) == 0)
                await WriteAsync(client);
        }
    }

    private async Task CountAsync(KvClient client)
    {
        var prefix = _random.Next(2) == 0 ? "" : RandomText(0);
        var after = _random.Next(2) == 0 ? "" : RandomText(0);
        var revision = _model.Revisions[_random.Next(_model.Revisions.Count)];
        var answer = (await client.GetAsync($"/v1/kv?count_only=true&prefix={Uri.EscapeDataString(prefix)}&after={Uri.EscapeDataString(after)}&revision={revision}")).Expect(200);
        Assert.Equal($"{{\"revision\":{revision},\"count\":{_model.List(revision, prefix, after).Count}}}", answer.Text);
    }

    private static void CheckItem(KeyValuePair<string, Model.Item> expected, JsonElement item, bool values)
    {
        var (key, model) = expected;
        Assert.Equal(key, item.GetProperty("key").GetString());
        Assert.Equal(model.Revision, item.GetProperty("revision").GetInt64());
        Assert.Equal(model.CreatedRevision, item.GetProperty("created_revision").GetInt64());
        Assert.Equal(model.Version, item.GetProperty("version").GetInt64());
        Assert.Equal(model.ContentType, item.GetProperty("content_type").GetString());
        Assert.Equal(model.Value.Length, item.GetProperty("size").GetInt64());
        Assert.Equal(TimeSpan.Zero, item.GetProperty("modified_at").GetDateTimeOffset().Offset);
        string[] known = ["key", "revision", "created_revision", "version", "content_type", "size", "modified_at"];
        var forms = item.EnumerateObject().Select(member => member.Name).Except(known).ToArray();
        if (!values)
        {
            Assert.Empty(forms);
            return;
        }

        var form = Assert.Single(forms);
        Assert.Equal(FormOf(model), form);
        var value = item.GetProperty(form);
        var bytes = form switch
        {
            "json" => Encoding.UTF8.GetBytes(value.GetRawText()),
            "text" => Encoding.UTF8.GetBytes(value.GetString()!),
            _ => value.GetBytesFromBase64(),
        };

        // The white space around a JSON value is in the page, but no reader shows it.
        var expectedBytes = form == "json" ? model.Value.AsSpan().Trim((byte)' ').ToArray() : model.Value;
        Assert.Equal(expectedBytes, bytes);
    }

    private static string FormOf(Model.Item item) => item.Value.Contains((byte)0xFF) ? "base64"
        : item.ContentType == "application/json" && IsJson(item.Value) ? "json"
        : "text";

    private static bool IsJson(byte[] value)
    {
        try
        {
            using var parsed = JsonDocument.Parse(value);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private string RandomText(int partsMin) =>
        string.Concat(Enumerable.Range(0, partsMin + _random.Next(4)).Select(_ => Parts[_random.Next(Parts.Length)]));

    private static string TargetOf(string key) => "/v1/kv/" + Uri.EscapeDataString(key);
}
