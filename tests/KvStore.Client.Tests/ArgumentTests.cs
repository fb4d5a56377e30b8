namespace KvStore.Client.Tests;

/// <summary>Arguments that a request cannot carry are rejected, not replaced.</summary>
public sealed class ArgumentTests
{
    // No theory: the runner cannot carry them either.
    [Fact]
    public async Task Text_WithHalfASurrogatePair_IsRejected()
    {
        foreach (var text in new[] { "\ud800", "\udc00", "a\ud800b", "\udc00\ud800" })
            await AssertRejectedAsync(text);
    }

    [Theory]
    [InlineData("")]
    [InlineData("two\nlines")]
    [InlineData("caf\u00e9")]
    public async Task Header_NotPrintable_IsRejected(string text)
    {
        await using var server = ScriptedServer.Always(Answers.Written());
        using var client = Clients.ClientOf(server);
        await Assert.ThrowsAnyAsync<ArgumentException>(() => client.PutAsync("key", default, text, cancellationToken: Clients.Token));
        await Assert.ThrowsAnyAsync<ArgumentException>(() => client.PutAsync("key", "value", new KvWriteOptions { IdempotencyKey = text }, Clients.Token));
        await Assert.ThrowsAnyAsync<ArgumentException>(() => client.PutAsync("key", "value", new KvWriteOptions { IdempotencyKey = new string('k', 129) }, Clients.Token));
    }

    [Fact]
    public async Task Key_Empty_IsRejected()
    {
        await using var server = ScriptedServer.Always(Answers.Written());
        using var client = Clients.ClientOf(server);
        await Assert.ThrowsAnyAsync<ArgumentException>(() => client.GetAsync("", cancellationToken: Clients.Token));
        await Assert.ThrowsAnyAsync<ArgumentException>(() => client.DeleteAsync("", cancellationToken: Clients.Token));
    }

    // .NET's parser would add a space after the semicolon.
    [Fact]
    public async Task ContentType_Any_IsSentAsWritten()
    {
        string? sent = null;
        await using var server = new ScriptedServer((request, connection) =>
        {
            sent = request.Header("Content-Type");
            return connection.SendAsync(Answers.Written());
        });
        using var client = Clients.ClientOf(server);
        await client.PutAsync("key", default, "text/plain;charset=utf-8", cancellationToken: Clients.Token);
        Assert.Equal("text/plain;charset=utf-8", sent);
    }

    private static async Task AssertRejectedAsync(string text)
    {
        await using var server = ScriptedServer.Always(Answers.Written());
        using var client = Clients.ClientOf(server);
        var options = new KvWriteOptions { IdempotencyKey = text };
        Func<Task>[] calls =
        [
            () => client.GetAsync(text, cancellationToken: Clients.Token),
            () => client.GetManyAsync(["a", text], cancellationToken: Clients.Token),
            () => client.CountAsync(text, cancellationToken: Clients.Token),
            () => client.ListAsync(text, cancellationToken: Clients.Token).ToListAsync(Clients.Token).AsTask(),
            () => client.ListPageAsync(text, cancellationToken: Clients.Token),
            () => client.WatchAsync(text, cancellationToken: Clients.Token).ToListAsync(Clients.Token).AsTask(),
            () => client.WatchPrefixAsync(text, cancellationToken: Clients.Token).ToListAsync(Clients.Token).AsTask(),
            () => client.PutAsync(text, "value", cancellationToken: Clients.Token),
            () => client.PutAsync("key", text, cancellationToken: Clients.Token),
            () => client.PutAsync("key", default, text, cancellationToken: Clients.Token),
            () => client.PutAsync("key", "value", options, Clients.Token),
            () => client.DeleteAsync(text, cancellationToken: Clients.Token),
            () => client.PatchAsync(text, default, cancellationToken: Clients.Token),
            () => client.IncrementAsync(text, cancellationToken: Clients.Token),
            () => client.AppendAsync(text + "/", default, cancellationToken: Clients.Token),
            () => client.AppendAsync("key/", default, text, cancellationToken: Clients.Token),
            () => client.DeletePrefixAsync(text, Clients.Token),
            () => client.TransactAsync(new KvTransaction { IdempotencyKey = text }.Delete("key"), Clients.Token),
        ];
        foreach (var call in calls)
            await Assert.ThrowsAnyAsync<ArgumentException>(call);

        Action<KvTransaction>[] steps =
        [
            transaction => transaction.IfRevision(text, default),
            transaction => transaction.IfPresent(text),
            transaction => transaction.IfAbsent(text),
            transaction => transaction.Get(text),
            transaction => transaction.Put(text, []),
            transaction => transaction.Put("key", [], text),
            transaction => transaction.Put("key", text),
            transaction => transaction.Put(text, "value"),
            transaction => transaction.Delete(text),
            transaction => transaction.Move(text, "key"),
            transaction => transaction.Move("key", text),
        ];
        var transaction = new KvTransaction();
        foreach (var step in steps)
            Assert.ThrowsAny<ArgumentException>(() => step(transaction));
        Assert.Equal("""{"guards":[],"operations":[]}"""u8, transaction.ToUtf8Json());
    }
}
