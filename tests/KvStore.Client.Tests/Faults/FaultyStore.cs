using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;

namespace KvStore.Client.Tests;

/// <summary>What happens to one attempt of a call.</summary>
internal enum Fault
{
    None,
    Refused,
    LostRequest,
    LostAnswer,
    CutInHeaders,
    CutAfterHeaders,
    CutInBody,
    Stalled,
    Late,
    Rejected,
    UnknownOutcome,
    InternalError,
    ProxyInstead,
    ProxyAfterwards,
}

/// <summary>
/// A store whose every attempt may fail, and which knows what really happened. Other clients write to it too, idempotency records are dropped, and a
/// request that seems lost may be applied after the call has ended.
/// </summary>
internal sealed partial class FaultyStore(Random random, FakeTimeProvider time)
{
    private static readonly Fault[] Faults = [.. Enum.GetValues<Fault>().Except([Fault.None, Fault.Refused])];
    private static readonly int[] ProxyStatuses = [200, 201, 204, 302, 404, 409, 410, 412, 422, 429, 502, 503, 504];

    private readonly Dictionary<int, long> _entries = [];
    private readonly Dictionary<string, string> _records = [];
    private readonly Dictionary<int, int> _applied = [];
    private readonly List<ScriptedRequest> _late = [];
    private long _revision = 1;
    private int _absent = -1;

    public Dictionary<Fault, int> Happened { get; } = [];

    /// <summary>Whether a record was dropped since the number was last asked for.</summary>
    public bool HasDroppedRecords { get; set; }

    public static string ValueOf(long revision) => $"value of {revision}";

    public long? EntryOf(int call) => _entries.TryGetValue(call, out var revision) ? revision : null;

    public bool HasSaidAbsent(int call) => _absent == call;

    /// <summary>How often the write of a call was applied, once everything has arrived that still was on its way.</summary>
    public int AppliedOf(int call)
    {
        ApplyLate(1);
        return _applied.GetValueOrDefault(call);
    }

    public void Put(int call) => _entries[call] = ++_revision;

    /// <summary>A connection to the store, or a refusal.</summary>
    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        if (random.Next(8) == 0)
        {
            Count(Fault.Refused);
            throw new SocketException((int)SocketError.ConnectionRefused);
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
        return new NetworkStream(socket, ownsSocket: true);
    }

    public async Task AnswerAsync(ScriptedRequest request, ScriptedConnection connection)
    {
        Disturb(CallOf(request));
        var fault = random.Next(4) == 0 ? Fault.None : Faults[random.Next(Faults.Length)];
        Count(fault);
        switch (fault)
        {
            case Fault.LostRequest:
                return;
            case Fault.Late:
                _late.Add(request);
                time.Advance(TimeSpan.FromSeconds(random.Next(2) * 30));
                return;
            case Fault.Rejected:
                await connection.SendAsync(random.Next(2) == 0 ? Answers.Problem(503, "unavailable", "not-applied") : Answers.Problem(429, "queue-full", "not-applied"));
                return;
            case Fault.ProxyInstead:
                await connection.SendAsync(Answers.Html(ProxyStatuses[random.Next(ProxyStatuses.Length)]));
                return;
            case Fault.UnknownOutcome or Fault.InternalError:
                if (random.Next(2) == 0)
                    Evaluate(request);
                await connection.SendAsync(fault == Fault.UnknownOutcome ? Answers.Problem(504, "unknown-outcome", "unknown") : Answers.Problem(500, "internal-error"));
                return;
        }

        var answer = Evaluate(request);
        var headers = answer.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4;
        switch (fault)
        {
            case Fault.None when random.Next(2) == 0:
                await connection.SendAsync(Answers.KeepingAlive(answer));
                connection.KeepAlive();
                return;
            case Fault.None:
                await connection.SendAsync(answer);
                return;
            case Fault.LostAnswer:
                return;
            case Fault.CutInHeaders:
                await connection.SendAsync(answer[..random.Next(1, headers)]);
                return;
            case Fault.CutAfterHeaders:
                await connection.SendAsync(answer[..headers]);
                return;
            case Fault.CutInBody:
                await connection.SendAsync(answer[..random.Next(headers, answer.Length + 1)]);
                return;
            case Fault.Stalled:
                await connection.SendAsync(answer[..random.Next(0, answer.Length)]);
                time.Advance(TimeSpan.FromSeconds(30));
                await connection.WhenClosedAsync();
                return;
            default:
                await connection.SendAsync(Answers.Html(ProxyStatuses[random.Next(ProxyStatuses.Length)]));
                return;
        }
    }

    // What else happens to the entry of a call while the call is underway.
    private void Disturb(int call)
    {
        ApplyLate(random.NextDouble());
        if (random.Next(8) == 0)
        {
            _records.Clear();
            HasDroppedRecords = true;
        }

        if (random.Next(8) == 0)
            Put(call);
        else if (random.Next(8) == 0)
            _entries.Remove(call);
    }

    private void ApplyLate(double probability)
    {
        foreach (var request in _late.Where(_ => random.NextDouble() < probability).ToArray())
        {
            _late.Remove(request);
            Evaluate(request);
        }
    }

    private string Evaluate(ScriptedRequest request)
    {
        var call = CallOf(request);
        if (request.Header("Idempotency-Key") is { } key && _records.TryGetValue(key, out var recorded))
            return recorded;
        if (request.Method == "GET")
            return EntryOf(call) is { } read ? Answers.Entry(ValueOf(read), read) : Absent(call);
        if ((request.Header("If-None-Match") is not null && EntryOf(call) is not null)
            || (request.Header("If-Match") is { } tag && tag != $"\"{EntryOf(call)}\"")
            || (request.Target == "/v1/txn" && EntryOf(call) is null))
        {
            return Answers.Problem(412, "precondition-failed");
        }

        if (EntryOf(call) is null && request.Method is "DELETE" or "PATCH" && !request.Target.Contains("prefix=", StringComparison.Ordinal))
            return Absent(call);

        _applied[call] = _applied.GetValueOrDefault(call) + 1;
        var answer = Apply(request, call);
        if (request.Header("Idempotency-Key") is { } recordedUnder)
            _records[recordedUnder] = answer;
        return answer;
    }

    private string Apply(ScriptedRequest request, int call)
    {
        if (request.Method == "DELETE")
            _entries.Remove(call);
        else
            Put(call);
        return request switch
        {
            { Target: "/v1/txn" } => Answers.Of(200, $$"""{"revision":{{_revision}},"results":[]}""", _revision),
            { Method: "DELETE" } when request.Target.Contains("prefix=", StringComparison.Ordinal) => Answers.Of(200, $$"""{"revision":{{_revision}},"deleted":1}""", _revision),
            { Method: "POST" } when request.Target.StartsWith("/v1/counters/", StringComparison.Ordinal) => Answers.Of(200, "42", _revision, "text/plain"),
            { Method: "POST" } => Answers.Of(201, "", _revision, headers: $"Location: /v1/kv/k{call}/1\r\n"),
            _ => Answers.Written(_revision),
        };
    }

    private string Absent(int call)
    {
        _absent = call;
        return Answers.Problem(404, "not-found");
    }

    private void Count(Fault fault) => Happened[fault] = Happened.GetValueOrDefault(fault) + 1;

    // Every call has a key of its own, which is in the target or in the body.
    private static int CallOf(ScriptedRequest request) =>
        int.Parse(CallNumber().Match(request.Target + Encoding.UTF8.GetString(request.Body)).Groups[1].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"\bk(\d+)")]
    private static partial Regex CallNumber();
}
