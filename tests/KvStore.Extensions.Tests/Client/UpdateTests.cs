namespace KvStore.Extensions.Tests;

/// <summary>Updates that read, change and write on a condition.</summary>
public sealed class UpdateTests(Service service)
{
    private readonly string _key = Service.NewPrefix() + "key";

    private KvStoreClient Client => service.Client;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Update_ManyAtOnce_LosesNone()
    {
        const int Writers = 8;
        const int Updates = 10;
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(async _ =>
        {
            for (var i = 0; i < Updates; i++)
                await Client.UpdateJsonAsync(_key, counter => new Counter((counter?.Value ?? 0) + 1), TestJson.Default.Counter, new KvUpdateOptions { AttemptsMax = 1000 }, Token);
        })).Within();
        Assert.Equal(new Counter(Writers * Updates), await Client.GetJsonAsync(_key, TestJson.Default.Counter, cancellationToken: Token));
    }

    [Fact]
    public async Task Update_EachDecision_IsDone()
    {
        Assert.Equal(new KvUpdateResult(null, false, 1), await Client.UpdateAsync(_key, _ => KvUpdate.Keep, cancellationToken: Token));
        Assert.Equal(new KvUpdateResult(null, false, 1), await Client.UpdateAsync(_key, _ => KvUpdate.Delete, cancellationToken: Token));
        var created = await Client.UpdateAsync(_key, entry => KvUpdate.Put(entry is null ? "new" : "old", TimeSpan.FromHours(1)), cancellationToken: Token);
        var entry = await Client.GetAsync(_key, cancellationToken: Token);
        Assert.Equal((created.Revision!.Value, "new"), (entry!.Revision, entry.Text));
        Assert.NotNull(entry.ExpiresAt);
        Assert.Equal(new KvUpdateResult(created.Revision, false, 1), await Client.UpdateAsync(_key, _ => KvUpdate.Keep, cancellationToken: Token));

        var deleted = await Client.UpdateAsync(_key, _ => KvUpdate.Delete, cancellationToken: Token);
        Assert.True(deleted.HasChanged);
        Assert.False(await Client.ExistsAsync(_key, cancellationToken: Token));
        Assert.Null(await Client.UpdateJsonAsync<Counter>(_key, _ => null, TestJson.Default.Counter, cancellationToken: Token));
    }

    [Fact]
    public async Task Update_ConflictInEachAttempt_EndsAfterTheLast()
    {
        var attempts = 0;
        var failure = await Assert.ThrowsAsync<KvPreconditionFailedException>(() => Client.UpdateAsync(
            _key,
            async (_, token) =>
            {
                attempts++;
                await Client.PutAsync(_key, "another writer", cancellationToken: token);
                return KvUpdate.Put("mine");
            },
            new KvUpdateOptions { AttemptsMax = 3 },
            Token));
        Assert.Equal((3, KvOutcome.NotApplied), (attempts, failure.Outcome));
    }

    [Fact]
    public async Task Update_DeletedMeanwhileInTheLastAttempt_Ends()
    {
        await Client.PutAsync(_key, "value", cancellationToken: Token);
        var attempts = 0;
        var result = await Client.UpdateAsync(
            _key,
            async (_, token) =>
            {
                attempts++;
                await Client.DeleteAsync(_key, cancellationToken: token);
                return KvUpdate.Delete;
            },
            new KvUpdateOptions { AttemptsMax = 1 },
            Token);
        Assert.Equal((new KvUpdateResult(null, false, 1), 1), (result, attempts));
    }

    [Fact]
    public async Task Update_DeletedMeanwhile_AsksAgain()
    {
        await Client.PutAsync(_key, "one", cancellationToken: Token);
        var seen = new List<string?>();
        var result = await Client.UpdateAsync(
            _key,
            async (entry, token) =>
            {
                seen.Add(entry?.Text);
                await Client.DeleteAsync(_key, cancellationToken: token);
                return KvUpdate.Delete;
            },
            cancellationToken: Token);
        Assert.Equal(["one", null], seen);
        Assert.False(result.HasChanged);
    }

    // An earlier attempt of the same call may have written it: then the change is made already, and a second one would be one too many.
    [Fact]
    public async Task Update_OutcomeUnknown_IsNotRepeated()
    {
        var fake = new FakeClient { Failure = new KvStoreException("No answer.", null, KvOutcome.Unknown) };
        await Assert.ThrowsAsync<KvStoreException>(() => fake.UpdateAsync("key", _ => KvUpdate.Put("value"), cancellationToken: Token));
        Assert.Equal(1, fake.Puts);

        fake = new FakeClient { Failure = new KvPreconditionFailedException("It has changed.") };
        await Assert.ThrowsAsync<KvPreconditionFailedException>(() => fake.UpdateAsync("key", _ => KvUpdate.Put("value"), new KvUpdateOptions { AttemptsMax = 2 }, Token));
        Assert.Equal(2, fake.Puts);
    }
}
