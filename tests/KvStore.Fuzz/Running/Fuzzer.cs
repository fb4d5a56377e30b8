using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;

namespace KvStore.Fuzz;

/// <summary>
/// Runs cases on several connections while a watchdog and a well-behaved client run beside them. Stops at the first fault of an answer and
/// at the first limit that is exceeded.
/// </summary>
internal sealed class Fuzzer(ServiceProcess service, FuzzOptions options)
{
    private const int NormalPairsPerSecond = 50;
    private const int NewestCases = 200;
    private const int NewestShown = 10;
    private const int ShownCharactersMax = 4000;
    private const int IntactEntries = 50;

    private static readonly TimeSpan ReportInterval = TimeSpan.FromSeconds(1);

    // Addresses of this machine, so that no bound for one client is in the way.
    private static readonly IPAddress[] Sources = [.. Enumerable.Range(10, 8).Select(last => IPAddress.Parse($"127.0.0.{last}"))];

    private readonly Dictionary<int, long> _statuses = [];
    private readonly Acknowledged _acknowledged = new();
    private readonly long[] _newest = new long[NewestCases];
    private CaseGenerator _generator = null!;
    private long _number = -1;
    private long _requests;
    private long _sentBytes;
    private volatile string? _failure;

    public async Task<FuzzReport> RunAsync()
    {
        var contract = await Contract.ReadAsync(new Uri($"http://{service.EndPoint}"));
        var (landmarks, intact) = await PrepareAsync();
        _generator = new CaseGenerator(options.Seed, landmarks, options.Theme, options.IsAmplified, _acknowledged);
        var begin = Stopwatch.GetTimestamp();
        await using var client = new NormalClient(service.EndPoint, NormalPairsPerSecond);
        await using var watchdog = new Watchdog(service, client, options.Limits);
        using var held = new HeldConnections(options.HeldConnections);
        using var end = new CancellationTokenSource();
        var reporting = ReportAsync(watchdog, client, end.Token);
        await Task.WhenAll(Enumerable.Range(0, options.Connections).Select(worker => Task.Run(() => WorkAsync(worker, contract, held, watchdog))));
        await end.CancelAsync();
        await reporting;

        watchdog.Sample();
        _failure ??= watchdog.Violation is { } violation ? DescribeNewest(violation) : await IntactFaultAsync(intact);
        return new FuzzReport(options.Seed, _requests, _sentBytes, Stopwatch.GetElapsedTime(begin), _statuses, _failure)
        {
            PeakBytes = watchdog.PeakBytes,
            EndBytes = watchdog.ResidentBytes,
            ProcessorTime = watchdog.ProcessorTime,
            WrittenBytes = watchdog.WrittenBytes,
            OutputBytes = watchdog.OutputBytes,
            LongestStall = client.LongestStall,
        };
    }

    /// <summary>Carries out one case and returns what came of it as text.</summary>
    public async Task<string> ReplayAsync(FuzzCase fuzzCase)
    {
        var contract = await Contract.ReadAsync(new Uri($"http://{service.EndPoint}"));
        using var held = new HeldConnections(1);
        using var runner = new CaseRunner(service.EndPoint, Sources[0], contract, held, options.AnswerMax);
        var fault = await runner.RunAsync(fuzzCase);
        return string.Join('\n', [.. runner.Answers.Select(answer => answer.ToString()), .. runner.Statuses.Select(status => $"{status.Key}: {status.Value}"), fault ?? "no fault"]);
    }

    private async Task WorkAsync(int worker, Contract contract, HeldConnections held, Watchdog watchdog)
    {
        using var runner = new CaseRunner(service.EndPoint, Sources[worker % Sources.Length], contract, held, options.AnswerMax);
        while (_failure is null && watchdog.Violation is null && Interlocked.Read(ref _requests) < options.Requests)
        {
            var number = Interlocked.Increment(ref _number);
            _newest[number % NewestCases] = number;
            var fuzzCase = _generator.Next(number);
            Interlocked.Add(ref _requests, fuzzCase.RequestCount);
            Interlocked.Add(ref _sentBytes, fuzzCase.SentBytes);
            if (await runner.RunAsync(fuzzCase) is { } fault)
                await FailAsync(fuzzCase, fault, runner, watchdog);
        }

        lock (_statuses)
        {
            foreach (var (status, count) in runner.Statuses)
                _statuses[status] = _statuses.GetValueOrDefault(status) + count;
        }
    }

    private async Task FailAsync(FuzzCase fuzzCase, string fault, CaseRunner runner, Watchdog watchdog)
    {
        // A process that ended is the cause of everything that fails after it.
        await Task.Delay(100);
        watchdog.Sample();
        if (watchdog.Violation is not null || _failure is not null)
            return;
        _failure = Describe(await ShortenAsync(fuzzCase, runner), fault);
    }

    /// <summary>A single request of the case that fails as well, or the whole case.</summary>
    private static async ValueTask<FuzzCase> ShortenAsync(FuzzCase fuzzCase, CaseRunner runner)
    {
        foreach (var request in fuzzCase.Requests.Count > 1 ? fuzzCase.Requests : [])
        {
            var alone = FuzzCase.Pipeline(fuzzCase.Number, fuzzCase.Kind, [request]);
            if (request.Check is null && await runner.RunAsync(alone) is not null)
                return alone;
        }

        return fuzzCase;
    }

    private string Describe(FuzzCase fuzzCase, string fault)
    {
        var text = CaseText.Format(fuzzCase);
        var file = Path.Combine(Path.GetTempPath(), $"kvstore-fuzz-{options.Seed}-{fuzzCase.Number}.case");
        File.WriteAllText(file, text);
        return $"case {fuzzCase.Number} of seed {options.Seed} ({fuzzCase.Kind}, around it {_generator.ThemeOf(fuzzCase.Number)}): {fault}\nreplay with: --replay {file}\n{Cut(text)}";
    }

    private string DescribeNewest(string violation)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{violation}\nafter {_requests} requests of seed {options.Seed}, around {_generator.ThemeOf(_number)}; the kinds of the newest {NewestCases} cases: ");
        var newest = _newest.Distinct().OrderDescending().Select(_generator.Next).ToArray();
        text.AppendJoin(", ", newest.CountBy(fuzzCase => fuzzCase.Kind).OrderByDescending(kind => kind.Value).Select(kind => $"{kind.Value} {kind.Key}")).Append('\n');
        foreach (var fuzzCase in newest.Take(NewestShown))
            text.Append(CultureInfo.InvariantCulture, $"case {fuzzCase.Number} ({fuzzCase.Kind}):\n{Cut(CaseText.Format(fuzzCase))}");
        return text.ToString();
    }

    private static string Cut(string text) => text.Length <= ShownCharactersMax ? text : $"{text[..ShownCharactersMax]}... ({text.Length} characters)\n";

    private async Task<(Landmarks Landmarks, string Intact)> PrepareAsync()
    {
        using var connection = await WireConnection.OpenAsync(service.EndPoint);
        var cursors = new List<string>();
        for (var i = 0; i < IntactEntries; i++)
        {
            await connection.ExchangeAsync(Texts.Put($"intact/{i}", $"{i}"));
            if (i > 1)
                cursors.Add(Member(await connection.ExchangeAsync(Texts.Get($"/v1/kv?prefix=intact/&limit={i}")), "cursor"));
        }

        var status = await connection.ExchangeAsync(Texts.Get("/v1/status"));
        return (new Landmarks(Member(status, "store_id"), long.Parse(Member(status, "revision"), CultureInfo.InvariantCulture), cursors), await ListIntactAsync(connection));
    }

    private static string Member(Answer answer, string name)
    {
        using var document = System.Text.Json.JsonDocument.Parse(answer.Body);
        return document.RootElement.GetProperty(name).ToString();
    }

    private static async Task<string> ListIntactAsync(WireConnection connection)
    {
        var page = await connection.ExchangeAsync(Texts.Get("/v1/kv?prefix=intact/&values=true&limit=1000"));
        return page.IsSuccess ? Member(page, "items") : page.ToString();
    }

    private async Task<string?> IntactFaultAsync(string intact)
    {
        using var connection = await WireConnection.OpenAsync(service.EndPoint);
        var now = await ListIntactAsync(connection);
        return now == intact ? null : $"entries changed that no request names, from {intact} to {now}";
    }

    private async Task ReportAsync(Watchdog watchdog, NormalClient client, CancellationToken end)
    {
        var before = 0L;
        while (!end.IsCancellationRequested)
        {
            await Task.Delay(ReportInterval, end).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            var requests = Interlocked.Read(ref _requests);
            options.Report(string.Create(CultureInfo.InvariantCulture,
                $"{requests} requests, {requests - before} in this second, around {_generator.ThemeOf(_number)}; {watchdog.ResidentBytes >> 20} MiB, longest stall {client.LongestStall.TotalMilliseconds:F0} ms"));
            before = requests;
        }
    }
}
