using System.Globalization;

namespace KvStore.Server.Tests;

/// <summary>Transactions of many clients at once over HTTP. By itself, because it takes the whole machine.</summary>
[Collection(nameof(ConcurrencyTests))]
public sealed class TransactionIsolationTests
{
    private const int Transferrers = 16;
    private const int TransfersEach = 25;
    private const int Renames = 300;

    [Fact]
    public async Task ReadSkew_Transfer_SumIsConstant()
    {
        await using var server = await KvServer.StartAsync();
        (await server.Client.PostJsonAsync("/v1/txn", """{"operations":[{"put":{"key":"account/a","json":100}},{"put":{"key":"account/b","json":100}}]}""")).Expect(200);

        using var ended = new CancellationTokenSource();
        var readers = Enumerable.Range(0, 4).Select(reader => Task.Run(() => ReadSumsAsync(server.Client, byTransaction: reader % 2 == 0, ended.Token))).ToArray();
        var lost = await Task.WhenAll(Enumerable.Range(0, Transferrers).Select(i => Task.Run(() => TransferAsync(server.Client, i % 2 == 0 ? ("a", "b") : ("b", "a")))));
        await ended.CancelAsync();

        Assert.All(await Task.WhenAll(readers), sums => Assert.True(sums > 0));
        Assert.True(lost.Sum() > 0, "No transfer met another, so nothing was tried.");
        Assert.Equal(200, await ReadSumAsync(server.Client, byTransaction: true));
    }

    [Fact]
    public async Task ReadSkew_Move_ExactlyOneKeyExists()
    {
        await using var server = await KvServer.StartAsync();
        (await server.Client.PutAsync("/v1/kv/name/a", "v")).Expect(201);

        using var ended = new CancellationTokenSource();
        var readers = Enumerable.Range(0, 3).Select(_ => Task.Run(async () =>
        {
            var seen = 0;
            for (; !ended.IsCancellationRequested; seen++)
            {
                Assert.Single((await server.Client.GetAsync("/v1/kv?prefix=name/")).Expect(200).Json.GetProperty("items").EnumerateArray());
                var batch = (await server.Client.PostJsonAsync("/v1/batch/get", """{"keys":["name/a","name/b"]}""")).Expect(200).Json;
                Assert.Equal((1, 1), (batch.GetProperty("items").GetArrayLength(), batch.GetProperty("missing").GetArrayLength()));
            }

            return seen;
        })).ToArray();
        var revisions = new List<long>();
        for (var i = 0; i < Renames; i++)
        {
            var (from, to) = i % 2 == 0 ? ("a", "b") : ("b", "a");
            revisions.Add((await server.Client.PostJsonAsync("/v1/txn", $$$"""{"operations":[{"move":{"from":"name/{{{from}}}","to":"name/{{{to}}}"}}]}""")).Expect(200).Revision!.Value);
        }

        await ended.CancelAsync();
        Assert.All(await Task.WhenAll(readers), seen => Assert.True(seen > 0));
        foreach (var revision in revisions)
            Assert.Single((await server.Client.GetAsync($"/v1/kv?prefix=name/&revision={revision}")).Expect(200).Json.GetProperty("items").EnumerateArray());
    }

    // How many times a transfer had to be tried again, because another one came between its reading and its writing.
    private static async Task<int> TransferAsync(KvClient client, (string From, string To) accounts)
    {
        var lost = 0;
        for (var done = 0; done < TransfersEach;)
        {
            var read = (await client.PostJsonAsync("/v1/batch/get", $$"""{"keys":["account/{{accounts.From}}","account/{{accounts.To}}"]}""")).Expect(200).Json.GetProperty("items");
            var (from, to) = (read[0], read[1]);
            var answer = await client.PostJsonAsync("/v1/txn", string.Create(CultureInfo.InvariantCulture, $$$"""
                {"guards":[{"key":"account/{{{accounts.From}}}","revision":{{{from.GetProperty("revision").GetInt64()}}}},{"key":"account/{{{accounts.To}}}","revision":{{{to.GetProperty("revision").GetInt64()}}}}],
                 "operations":[{"put":{"key":"account/{{{accounts.From}}}","json":{{{from.GetProperty("json").GetInt64() - 50}}}}},{"put":{"key":"account/{{{accounts.To}}}","json":{{{to.GetProperty("json").GetInt64() + 50}}}}}]}
                """));
            if (answer.Status == 412)
            {
                lost++;
                continue;
            }

            answer.Expect(200);
            done++;
        }

        return lost;
    }

    private static async Task<int> ReadSumsAsync(KvClient client, bool byTransaction, CancellationToken ended)
    {
        var sums = 0;
        for (; !ended.IsCancellationRequested; sums++)
            Assert.Equal(200, await ReadSumAsync(client, byTransaction));
        return sums;
    }

    private static async Task<long> ReadSumAsync(KvClient client, bool byTransaction)
    {
        if (!byTransaction)
            return (await client.GetAsync("/v1/kv?prefix=account/&values=true")).Expect(200).Json.GetProperty("items").EnumerateArray().Sum(item => item.GetProperty("json").GetInt64());
        var answer = await client.PostJsonAsync("/v1/txn", """{"operations":[{"get":{"key":"account/a"}},{"get":{"key":"account/b"}}]}""");
        return answer.Expect(200).Json.GetProperty("results").EnumerateArray().Sum(result => result.GetProperty("get").GetProperty("json").GetInt64());
    }
}
