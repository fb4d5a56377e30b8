using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text.Json;

namespace KvStore.SystemTests;

/// <summary>Whatever is sent, it is the sender's fault: no answer is a 5xx, every refusal says why, and the store is as before.</summary>
public sealed class MalformedRequestTests
{
    private const int Requests = 6000;
    private const int Workers = 8;
    private const int FaultsShown = 20;
    private const int IntactEntries = 50;
    private const int HttpVersionNotSupported = 505;

    // How long the service may take to refuse what is not there in full; else it waits for the rest, and rightly so.
    private static readonly TimeSpan MoreAwaited = TimeSpan.FromMilliseconds(25);

    [Fact]
    public async Task AnyRequest_Malformed_IsRejectedWithoutEffect()
    {
        var random = Seed.NewRandom();
        await using var server = await ServerProcess.StartAsync();
        using var witness = await RawConnection.ConnectAsync(server.Address);
        var cursors = await FillAsync(witness);
        var before = await ListAsync(witness);
        var grammar = new RequestGrammar(random, cursors);
        var requests = new ConcurrentQueue<MalformedRequest>(Enumerable.Range(0, Requests).Select(_ => grammar.Next()));
        var faults = new ConcurrentQueue<string>();
        var seen = new ConcurrentDictionary<string, int>();

        await Task.WhenAll(Enumerable.Range(0, Workers).Select(_ => Task.Run(async () =>
        {
            while (requests.TryDequeue(out var request))
            {
                var (kind, fault) = await TryAsync(server.Address, request);
                seen.AddOrUpdate(kind, 1, (_, count) => count + 1);
                if (fault is not null)
                    faults.Enqueue($"{fault}\n  {request}");
            }
        })));

        TestContext.Current.TestOutputHelper?.WriteLine(string.Join(", ", seen.OrderBy(pair => pair.Key).Select(pair => $"{pair.Key}: {pair.Value}")));
        Assert.True(faults.IsEmpty, $"{faults.Count} faults:\n{string.Join('\n', faults.Order(StringComparer.Ordinal).Reverse().Take(FaultsShown))}");
        Assert.True(await server.IsReadyAsync(TestContext.Current.CancellationToken));
        Assert.Equal(before, await ListAsync(witness));
        Assert.DoesNotContain("nhandled", server.Transcript, StringComparison.Ordinal);
    }

    /// <returns>What it was, for the statistics, and what is wrong with that.</returns>
    private static async Task<(string Kind, string? Fault)> TryAsync(Uri address, MalformedRequest request)
    {
        using var connection = await RawConnection.ConnectAsync(address);
        try
        {
            await connection.SendAsync(request.Bytes);
            var reading = connection.TryReadAsync(request.IsHead ? "HEAD" : "GET");
            if (request.IsIncomplete && await Task.WhenAny(reading, Task.Delay(MoreAwaited, TestContext.Current.CancellationToken)) != reading)
                connection.EndSending();
            return await reading is { } answer
                ? ($"{answer.Status}{(answer.Status >= 400 && answer.Body.Length == 0 && !request.IsHead ? " without a body" : "")}", Check(request, answer))
                : ("closed", request.IsIncomplete ? null : "closed without an answer");
        }
        catch (Exception exception) when (exception is SocketException or IOException && request.BreaksHttp)
        {
            // The service refuses the rest of what it will not take, so the answer may be lost with the connection.
            return ("reset", null);
        }
        catch (Exception exception) when (exception is not Xunit.Sdk.XunitException)
        {
            return ("failed", $"{exception.GetType().Name}: {exception.Message}");
        }
    }

    private static string? Check(MalformedRequest request, Response answer)
    {
        // An HTTP version that does not exist is the one thing that HTTP itself has a 5xx for.
        if (answer.Status >= 500 && !(answer.Status == HttpVersionNotSupported && request.BreaksHttp))
            return $"answered with {answer}";
        if (answer.Status < 400 || request.IsHead)
            return null;
        if (answer.Body.Length == 0)
            return $"refused without a reason: {answer}";
        if (answer.Header("Content-Type") != "application/problem+json")
            return $"refused with another media type: {answer}";
        try
        {
            var problem = answer.Json;
            return problem.GetProperty("status").GetInt32() == answer.Status && problem.GetProperty("type").GetString()!.Contains('#', StringComparison.Ordinal) && problem.GetProperty("detail").GetString()!.Length > 0
                ? null
                : $"not the problem that the status tells: {answer}";
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return $"not a problem document: {answer}";
        }
    }

    private static async Task<List<string>> FillAsync(RawConnection connection)
    {
        var cursors = new List<string>();
        for (var i = 0; i < IntactEntries; i++)
        {
            await connection.ExchangeAsync($"PUT /v1/kv/intact/{i} HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n{i:D3}");
            if (i > 1)
                cursors.Add((await connection.ExchangeAsync($"GET /v1/kv?prefix=intact/&limit={i} HTTP/1.1\r\nHost: x\r\n\r\n")).Json.GetProperty("cursor").GetString()!);
        }

        return cursors;
    }

    /// <summary>Everything that the service tells of the entries that no malformed request names.</summary>
    private static async Task<string> ListAsync(RawConnection connection)
    {
        var list = await connection.ExchangeAsync("GET /v1/kv?prefix=intact/&values=true&limit=1000 HTTP/1.1\r\nHost: x\r\n\r\n");
        Assert.Equal(IntactEntries, list.Json.GetProperty("items").GetArrayLength());
        return list.Json.GetProperty("items").GetRawText();
    }
}
