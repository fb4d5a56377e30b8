using System.Text;

namespace KvStore.Server.Tests;

/// <summary>The order in which an import stores its lines, and when.</summary>
public sealed class ImportBatchTests
{
    [Theory]
    [InlineData("")]
    [InlineData("prefix/")]
    public void TakeTransactions_AnyOrder_AreInKeyOrderWithTheLastOfEachKey(string prefix)
    {
        // Keys of different lengths, with bytes of every size after the prefix, some of them many times.
        var random = new Random(1);
        var expected = new SortedDictionary<Key, int>();
        var batch = new ImportBatch();
        for (var number = 0; !batch.IsFull; number++)
        {
            var key = KeyOf(prefix, random);
            expected[key] = number;
            batch.Add(Draft(key, number));
        }

        var transactions = batch.TakeTransactions().ToList();
        var puts = transactions.SelectMany(taken => taken.Transaction.Operations).Cast<Put>().Select(put => (put.Key, BitConverter.ToInt32(put.Value.Span)));
        Assert.Equal(expected.Select(pair => (pair.Key, pair.Value)), puts);
        Assert.All(transactions, taken => Assert.InRange(taken.Transaction.Operations.Length, 1, 100));
        Assert.Equal(transactions.Count - 1, transactions.FindIndex(taken => taken.IsLast));
        Assert.True(batch.IsEmpty);
        Assert.Empty(batch.TakeTransactions());
    }

    [Fact]
    public void TakeTransactions_LastEntryIsReplaced_EndsWithALastTransaction()
    {
        var batch = new ImportBatch();
        for (var number = 0; number < 101; number++)
            batch.Add(Draft(Key.Parse($"{Math.Min(number, 99):d3}"), number));
        var (transaction, isLast) = Assert.Single(batch.TakeTransactions());
        Assert.True(isLast);
        Assert.Equal(100, BitConverter.ToInt32(((Put)transaction.Operations[^1]).Value.Span));
    }

    [Fact]
    public async Task Import_ClientPauses_WhatArrivedIsStored()
    {
        await using var server = await KvServer.StartAsync();
        using var raw = await server.SendAsync("POST /v1/import HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n");
        foreach (var key in new[] { "b", "a" })
        {
            var line = $$"""{"key":"{{key}}","text":"v"}""" + "\n";
            await raw.SendAsync($"{line.Length:x}\r\n{line}\r\n");
            await Soon.UntilAsync(() => server.Store.Latest.Find(Key.Parse(key)) is not null);
        }

        await raw.SendAsync("0\r\n\r\n");
        Assert.Equal(2, (await raw.ReadAsync()).Expect(200).Json.GetProperty("imported").GetInt32());
    }

    [Fact]
    public async Task Import_EndsWithinABatch_SaysThatLaterLinesMayBeStored()
    {
        // The first of the two transactions is committed, and then the disk is full.
        var seen = 0;
        await using var server = await KvServer.StartAsync(new FakeCommitLog
        {
            Answering = outcomes => [.. outcomes.Select(outcome => ++seen == 1 ? outcome : new Outcome.NotApplied(NotAppliedReason.NoSpace))],
        });
        var answer = await server.Client.ImportAsync(string.Join('\n', Enumerable.Range(0, 150).Select(i => $$"""{"key":"{{i:d3}}","text":"v"}""")));
        answer.ExpectProblem(507, "no-space");
        Assert.Equal("unknown", answer.Json.GetProperty("outcome").GetString());
        Assert.Contains("All lines up to line 0 are stored, and later ones may be.", answer.Json.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    private static Key KeyOf(string prefix, Random random)
    {
        var rest = new byte[random.Next(1, 12)];
        for (var i = 0; i < rest.Length; i++)
            rest[i] = (byte)('!' + (random.Next(4) * 20));
        return Key.Parse(prefix + Encoding.ASCII.GetString(rest));
    }

    private static EntryDraft Draft(Key key, int number)
    {
        var draft = new EntryDraft(key, sizeof(int), "text/plain");
        BitConverter.TryWriteBytes(draft.Value.Span, number);
        return draft;
    }
}
