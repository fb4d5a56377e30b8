using System.Net.Sockets;

namespace KvStore.SystemTests;

/// <summary>kill -9 while clients change mergeable values: every change that was sent until it was acknowledged is there, and none twice.</summary>
public sealed class MergeableKillTests : IDisposable
{
    private const int Clients = 6;

    private static readonly int Rounds = Environment.GetEnvironmentVariable("KVSTORE_TEST_LONG") == "1" ? 200 : 3;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly DataDirectory _data = new();

    public void Dispose() => _data.Dispose();

    [Fact]
    public async Task Kill_AnyMoment_EveryAcknowledgedChangeIsThereOnce()
    {
        var random = Seed.NewRandom();
        var clients = Enumerable.Range(0, Clients).Select(number => new Client(number)).ToArray();
        for (var round = 0; round < Rounds; round++)
        {
            await using var server = await _data.StartAsync();
            using var answers = new SemaphoreSlim(0);
            var writing = Task.WhenAll(clients.Select(client => client.WriteAsync(server.Address, answers)));
            for (var enough = random.Next(20, 200); enough > 0; enough--)
                Assert.True(await answers.WaitAsync(Patience, TestContext.Current.CancellationToken));
            server.Send(Signal.Kill);
            await server.WaitForExitAsync(Patience);
            await writing;
        }

        await using var last = await _data.StartAsync();
        foreach (var client in clients)
            await client.FinishAsync(last.Address);
        using var connection = await RawConnection.ConnectAsync(last.Address);
        Assert.Equal($"{clients.Sum(client => client.Sum)}", (await ReadAsync(connection, "likes")).Text);
        var tokens = (await ReadAsync(connection, "note")).Text.Split(';', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(clients.SelectMany(client => client.Tokens).Order(StringComparer.Ordinal), tokens.Order(StringComparer.Ordinal));
        TestContext.Current.TestOutputHelper?.WriteLine($"{Rounds} kills, {clients.Sum(client => client.Answered)} changes, {clients.Sum(client => client.Repeated)} of them repeated");
    }

    private static async Task<Response> ReadAsync(RawConnection connection, string key) =>
        (await connection.ExchangeAsync($"GET /v1/crdt/{key} HTTP/1.1\r\nHost: localhost\r\nAccept: text/plain\r\n\r\n")).Expect(200);

    /// <summary>Makes one change after the other, and repeats one that was not answered with the same Idempotency-Key.</summary>
    private sealed class Client(int number)
    {
        private int _made;
        private bool _isUnanswered;

        public long Sum { get; private set; }

        public List<string> Tokens { get; } = [];

        public int Answered { get; private set; }

        public int Repeated { get; private set; }

        private bool IsIncrement => _made % 2 == 0;

        private string Token => $"{number}:{_made}";

        public async Task WriteAsync(Uri address, SemaphoreSlim answers)
        {
            try
            {
                using var connection = await RawConnection.ConnectAsync(address);
                while (true)
                {
                    await ChangeAsync(connection);
                    answers.Release();
                }
            }
            catch (Exception exception) when (exception is SocketException or IOException or InvalidDataException)
            {
                // The service is gone, and the last change has no answer.
            }
        }

        public async Task FinishAsync(Uri address)
        {
            using var connection = await RawConnection.ConnectAsync(address);
            if (_isUnanswered)
                await ChangeAsync(connection);
        }

        private async Task ChangeAsync(RawConnection connection)
        {
            if (_isUnanswered)
                Repeated++;
            else
                _made++;
            _isUnanswered = true;
            var (target, body) = IsIncrement ? ("likes?type=pn-counter", $"{{\"increment\":{_made}}}") : ("note?type=text", $"{{\"edits\":[{{\"at\":0,\"insert\":\"{Token};\"}}]}}");
            var answer = await connection.ExchangeAsync(
                $"POST /v1/crdt/{target} HTTP/1.1\r\nHost: localhost\r\nIdempotency-Key: {Token}\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}");
            if (!answer.IsSuccess)
                throw new InvalidOperationException($"{answer}");
            _isUnanswered = false;
            Answered++;
            if (IsIncrement)
                Sum += _made;
            else
                Tokens.Add(Token);
        }
    }
}
