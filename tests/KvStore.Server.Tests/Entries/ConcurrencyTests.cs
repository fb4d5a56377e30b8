using System.Collections.Concurrent;
using System.Globalization;

namespace KvStore.Server.Tests;

/// <summary>Many clients at once over HTTP. By itself, because it takes the whole machine.</summary>
[CollectionDefinition(nameof(ConcurrencyTests), DisableParallelization = true)]
[Collection(nameof(ConcurrencyTests))]
public sealed class ConcurrencyTests
{
    private const int Clients = 64;
    private const int IncrementsEach = 10;
    private const int Writers = 5_000;
    private const int WritesEach = 10;

    [Fact]
    public async Task LostUpdate_ConditionalCounter_IsExact()
    {
        await using var server = await KvServer.StartAsync();
        var created = await Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => server.Client.PutAsync("/v1/kv/counter", "0", ("If-None-Match", "*"))));
        Assert.Single(created, answer => answer.Status == 201);
        Assert.All(created, answer => Assert.True(answer.Status is 201 or 412));

        var winners = new ConcurrentDictionary<string, string>();
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(async _ =>
        {
            for (var done = 0; done < IncrementsEach;)
            {
                var read = (await server.Client.GetAsync("/v1/kv/counter")).Expect(200);
                var next = int.Parse(read.Text, CultureInfo.InvariantCulture) + 1;
                var written = await server.Client.PutAsync("/v1/kv/counter", next.ToString(CultureInfo.InvariantCulture), ("If-Match", read.ETag!));
                if (written.Status == 412)
                    continue;
                written.Expect(204);
                Assert.True(winners.TryAdd(read.ETag!, written.ETag!), $"Two writes replaced {read.ETag}.");
                done++;
            }
        }));

        Assert.Equal((Clients * IncrementsEach).ToString(CultureInfo.InvariantCulture), (await server.Client.GetAsync("/v1/kv/counter")).Text);
        Assert.Equal(Clients * IncrementsEach, winners.Values.Distinct().Count());
    }

    [Fact]
    public async Task Put_5000WritersWith10WritesEach_AreReadByTheirWriter()
    {
        await using var server = await KvServer.StartAsync();
        using var client = new KvClient(server.EndPoint, connectionsMax: 128);
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(async writer =>
        {
            var last = 0L;
            for (var i = 0; i < WritesEach; i++)
            {
                var target = $"/v1/kv/writer/{writer}/{i}";
                var written = (await client.PutAsync(target, $"value {writer}.{i}")).Expect(201);

                // One writer's writes come after one another; writes of several writers may share a revision.
                Assert.True(written.Revision > last);
                last = written.Revision!.Value;
                var read = (await client.GetAsync(target)).Expect(200);
                Assert.Equal(($"value {writer}.{i}", written.ETag), (read.Text, read.ETag));
                Assert.True(read.Revision >= written.Revision);
            }
        }));

        Assert.Equal(Writers * WritesEach, await CountAsync(client));
        Assert.Equal(Writers * WritesEach, server.Store.Latest.Count);
    }

    private static async Task<int> CountAsync(KvClient client)
    {
        var keys = new HashSet<string>(StringComparer.Ordinal);
        for (var target = "/v1/kv?limit=1000&prefix=writer/"; target is not null;)
        {
            var page = (await client.GetAsync(target)).Expect(200).Json;
            Assert.All(page.GetProperty("items").EnumerateArray(), item => Assert.True(keys.Add(item.GetProperty("key").GetString()!)));
            target = page.TryGetProperty("cursor", out var cursor) ? "/v1/kv?limit=1000&cursor=" + cursor.GetString() : null;
        }

        return keys.Count;
    }
}
