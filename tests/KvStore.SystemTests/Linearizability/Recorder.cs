using System.Diagnostics;

namespace KvStore.SystemTests;

/// <summary>
/// Clients that call a service at the same time, each over a connection of its own, and write down what they asked, when, and what was
/// answered. Some cut their connection after they have sent a request. They speak HTTP by themselves: a library might send a
/// request again when its connection breaks, and the history would not show it.
/// </summary>
/// <remarks>
/// What the service does too soon or too late is wrong for microseconds, and a client needs longer than that from an answer to its next question.
/// So clients send a read right after a write: the service comes to it as soon as it has answered the write. Others write keys that no client reads, so that
/// many writes are committed and answered together, which takes longer. And one client watches, because a snapshot with a waiter is slower to publish.
/// </remarks>
internal sealed class Recorder
{
    private const int ClientsMin = 8;
    private const int ClientsMax = 16;
    private const int KeysMax = 4;
    private const int OperationsMin = 200;
    private const int OperationsMax = 400;
    private const int MicrosecondsUntilCutMax = 300;
    private const int PairPerMilleMax = 700;
    private const int OthersMax = 48;

    private readonly Uri _address;
    private readonly HttpCalls _http;
    private readonly Workload _workload;
    private readonly int _keyCount;
    private readonly int _operationsPerClient;

    // So many calls in a thousand are cut.
    private readonly int _cutPerMille;

    // So many in a thousand are followed by a read that does not wait for the answer.
    private readonly int _pairPerMille;
    private readonly int _others;
    private readonly Random[] _randoms;
    private readonly long _startedAt = Stopwatch.GetTimestamp();

    private Recorder(Uri address, string prefix, Random random)
    {
        _address = address;
        _http = new HttpCalls(prefix);
        _keyCount = random.Next(1, KeysMax + 1);
        _workload = new Workload(random, _keyCount);
        _randoms = new Random[random.Next(ClientsMin, ClientsMax + 1)];
        _operationsPerClient = random.Next(OperationsMin, OperationsMax + 1) / _randoms.Length;
        _cutPerMille = random.Next(2) * random.Next(80);
        _pairPerMille = random.Next(4) == 0 ? 0 : random.Next(PairPerMilleMax);
        _others = random.Next(4) == 0 ? 0 : random.Next(OthersMax + 1);
        for (var i = 0; i < _randoms.Length; i++)
            _randoms[i] = new Random(random.Next());
    }

    /// <summary>Records one history of a few keys that have no entries yet.</summary>
    /// <param name="address">Where the service is.</param>
    /// <param name="prefix">What those keys begin with.</param>
    /// <param name="random">Decides what is asked; how the requests meet is up to the machine.</param>
    public static async Task<IReadOnlyList<Operation>> RecordAsync(Uri address, string prefix, Random random)
    {
        var recorder = new Recorder(address, prefix, random);
        await using var company = await Company.StartAsync(address, prefix, recorder._others);
        var clients = await Task.WhenAll(recorder._randoms.Select((own, client) => Task.Run(() => recorder.RunAsync(client, own))));
        return [.. clients.SelectMany(operations => operations)];
    }

    private async Task<List<Operation>> RunAsync(int client, Random random)
    {
        var memory = new ClientMemory(client, _keyCount);
        var operations = new List<Operation>(_operationsPerClient);
        var connection = await RawConnection.ConnectAsync(_address);
        try
        {
            while (operations.Count < _operationsPerClient)
            {
                var call = _workload.NextCall(random, memory);
                var behind = !call.IsRead && random.Next(1000) < _pairPerMille ? _workload.NextRead(random) : null;
                var invokedAt = Now();
                await connection.SendAsync(_http.RequestOf(call) + (behind is null ? "" : _http.RequestOf(behind)));
                if (behind is null && random.Next(1000) < _cutPerMille)
                {
                    Cut(connection, random);
                    connection = await RawConnection.ConnectAsync(_address);
                    operations.Add(new Operation(client, call, invokedAt, Operation.Never, null));
                    continue;
                }

                foreach (var sent in behind is null ? [call] : new[] { call, behind })
                {
                    var response = await connection.TryReadAsync() ?? throw new IOException($"{sent} was not answered.");
                    var returnedAt = Now();
                    var answer = _http.AnswerOf(sent, response);
                    memory.Remember(sent, answer);
                    operations.Add(new Operation(client, sent, invokedAt, returnedAt, answer));
                }
            }

            return operations;
        }
        finally
        {
            connection.Dispose();
        }
    }

    /// <summary>Disconnects without reading: at once, or after less than any timer; with a reset, or regularly.</summary>
    private static void Cut(RawConnection connection, Random random)
    {
        var wait = TimeSpan.FromMicroseconds(random.Next(MicrosecondsUntilCutMax));
        var start = Stopwatch.GetTimestamp();
        SpinWait.SpinUntil(() => Stopwatch.GetElapsedTime(start) >= wait);
        if (random.Next(2) == 0)
            connection.Reset();
        else
            connection.Dispose();
    }

    private long Now() => (long)Stopwatch.GetElapsedTime(_startedAt).TotalMicroseconds;
}
