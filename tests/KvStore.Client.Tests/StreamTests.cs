using System.Net;

namespace KvStore.Client.Tests;

/// <summary>Answers without a body, and bodies that are streams.</summary>
public sealed class StreamTests
{
    private static CancellationToken Token => Clients.Token;

    // Only the answer that names the revision of the state that was read is the service's.
    [Fact]
    public async Task Head_AbsenceOfAnotherService_IsNoAbsence()
    {
        await using var other = ScriptedServer.Always("HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 9\r\nContent-Type: application/problem+json\r\n\r\n");
        using var client = Clients.ClientOf(other);
        var failure = await Assert.ThrowsAsync<KvStoreException>(() => client.ExistsAsync("key", cancellationToken: Token));
        Assert.Equal((HttpStatusCode.NotFound, ""), (failure.StatusCode, failure.Problem));

        await using var store = ScriptedServer.Always($"HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 9\r\nContent-Type: application/problem+json\r\nKvStore-Revision: 7\r\nKvStore-Store-Id: {Answers.Store}\r\n\r\n");
        using var second = Clients.ClientOf(store);
        Assert.False(await second.ExistsAsync("key", cancellationToken: Token));
    }

    [Fact]
    public async Task Head_Unavailable_IsRetried()
    {
        await using var server = ScriptedServer.Of(
            "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 99\r\nContent-Type: application/problem+json\r\n\r\n",
            $"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\nContent-Type: text/plain\r\nETag: \"7\"\r\nKvStore-Revision: 9\r\nKvStore-Store-Id: {Answers.Store}\r\n\r\n");
        using var client = Clients.ClientOf(server);
        var entry = await client.GetMetadataAsync("key", cancellationToken: Token);
        Assert.Equal((7L, 5L, false), (entry!.Revision.Number, entry.Size, entry.HasValue));
    }

    [Fact]
    public async Task Export_CutOff_IsAFailure()
    {
        const string Line = """{"key":"a","json":1}""" + "\n";
        var head = $"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nKvStore-Revision: 7\r\nKvStore-Store-Id: {Answers.Store}\r\nTransfer-Encoding: chunked\r\n\r\n";
        await using var server = ScriptedServer.Of(head + Answers.Chunk(Line), head + Answers.Chunk(Line) + Answers.Chunk(""));
        using var client = Clients.ClientOf(server);
        using var destination = new MemoryStream();
        var failure = await Assert.ThrowsAsync<KvStoreException>(() => client.ExportAsync(destination, cancellationToken: Token));
        Assert.Contains("cut off", failure.Message, StringComparison.Ordinal);

        destination.SetLength(0);
        Assert.Equal(7, (await client.ExportAsync(destination, cancellationToken: Token)).Number);
        Assert.Equal(Line.Length, destination.Length);
    }

    // Its end would look like the end of the entries.
    [Fact]
    public async Task Export_WithoutAKnownEnd_IsAFailure()
    {
        await using var server = ScriptedServer.Always($"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: application/x-ndjson\r\nKvStore-Revision: 7\r\n\r\n");
        using var client = Clients.ClientOf(server);
        await Assert.ThrowsAsync<KvStoreException>(() => client.ExportAsync(Stream.Null, cancellationToken: Token));
    }

    [Fact]
    public async Task Import_EndsEarly_IsSentOnce()
    {
        var requests = new List<ScriptedRequest>();
        await using var server = new ScriptedServer((request, connection) =>
        {
            requests.Add(request);
            return connection.SendAsync(Answers.Problem(503, "unavailable", "not-applied"));
        });
        using var client = Clients.ClientOf(server);
        var failure = await Assert.ThrowsAsync<KvStoreException>(() => client.ImportAsync(new MemoryStream([]), cancellationToken: Token));
        Assert.Equal(("unavailable", KvOutcome.NotApplied), (failure.Problem, failure.Outcome));
        Assert.Equal("application/x-ndjson", requests.Single().Header("Content-Type"));
        Assert.Null(requests.Single().Header("Idempotency-Key"));
    }

    [Fact]
    public async Task Write_Idempotent_IsRepeatedWithoutAKey()
    {
        var keys = new List<string?>();
        await using var server = new ScriptedServer((request, connection) =>
        {
            keys.Add(request.Header("Idempotency-Key"));
            return keys.Count == 1 ? Task.CompletedTask : connection.SendAsync(Answers.Written());
        });
        using var client = Clients.ClientOf(server);
        await client.PutAsync("key", "value", new KvWriteOptions { IsIdempotent = true }, Token);
        Assert.Equal([null, null], keys);
    }
}
