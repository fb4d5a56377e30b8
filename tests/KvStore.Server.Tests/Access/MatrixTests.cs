using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace KvStore.Server.Tests;

/// <summary>
/// Every endpoint, for every client and keys inside, outside and across its prefixes: it gets the documented answer, and not a byte of another
/// prefix. <see cref="MatrixRows"/> has the requests, <see cref="MatrixCaller"/> the clients.
/// </summary>
public sealed class MatrixTests(MatrixTests.Run run) : IClassFixture<MatrixTests.Run>
{
    private const int CasesMin = 500;

    private static readonly string[] Places = ["inside", "outside"];

    [Fact]
    public void Service_EveryCase_AnswersAsDocumented() => AssertNone(run.Failures);

    [Fact]
    public void Matrix_EveryEndpoint_HasRow() => AssertNone(run.Endpoints.Except(run.Rows.Select(row => row.Request.Operation)).Select(endpoint => $"{endpoint} has no row in {nameof(MatrixRows)}."));

    [Fact]
    public void Matrix_Cases_AreMany() => Assert.InRange(run.Cases, CasesMin, int.MaxValue);

    [Fact]
    public void Matrix_EveryEndpointOfKeys_IsAskedInsideAndOutside() => AssertNone(
        from operation in run.Rows.Where(row => row.Needs.Any(need => need.Text is not null)).GroupBy(row => row.Request.Operation)
        from place in Places.Except(operation.Select(row => row.Place))
        select $"{operation.Key} has no row {place}.");

    [Fact]
    public void Answers_OfOtherPrefix_LeakNothing() => AssertNone(run.Leaks);

    [Fact]
    public void Log_AtInformation_HasNoSecret() => AssertNone(run.Log.Where(IsLeak));

    [Fact]
    public void Metrics_AfterAll_HaveNoKey() => AssertNone(run.Metrics.Split('\n').Where(line => IsLeak(line) || line.Contains("team-", StringComparison.Ordinal)));

    private static bool IsLeak(string text) =>
        text.Contains(MatrixServer.Secret, StringComparison.OrdinalIgnoreCase) || text.Contains(MatrixServer.SecretNumber[..^2], StringComparison.Ordinal);

    private static void AssertNone(IEnumerable<string> complaints)
    {
        var all = complaints.ToArray();
        Assert.True(all.Length == 0, $"{all.Length}:\n{string.Join('\n', all.Take(40))}");
    }

    /// <summary>All cases, once for all of these tests.</summary>
    public sealed class Run : IAsyncLifetime
    {
        private readonly List<string> _failures = [];
        private readonly List<string> _leaks = [];
        private Dictionary<(string Operation, int Status), DocumentedAnswer> _documented = null!;

        internal IReadOnlyList<string> Failures => _failures;

        internal IReadOnlyList<string> Leaks => _leaks;

        internal IReadOnlyList<string> Endpoints { get; private set; } = [];

        internal IReadOnlyList<MatrixRow> Rows { get; private set; } = [];

        internal IReadOnlyList<string> Log { get; private set; } = [];

        internal string Metrics { get; private set; } = "";

        internal int Cases { get; private set; }

        public async ValueTask InitializeAsync()
        {
            await using var matrix = await MatrixServer.StartAsync();
            _documented = DocumentedAnswer.Read((await matrix.Server.Client.GetAsync("/openapi/v1.json")).Expect(200).Json);
            Endpoints = [.. EndpointsOf(matrix.Server)];
            Rows = [.. MatrixRows.All, .. Endpoints.Where(endpoint => endpoint.StartsWith("OPTIONS ", StringComparison.Ordinal)).Select(OptionsOf)];
            foreach (var row in Rows)
            {
                foreach (var caller in MatrixCaller.All)
                    await RunAsync(matrix, row, caller, Cases++);
            }

            var everything = MatrixCaller.All.Single(caller => caller.Name == "everything");
            Metrics = (await As(everything, Samples.ReadMetrics).SendAsync(matrix.Server)).Expect(200).Text;
            Log = [.. matrix.Server.Log.All.Select(line => line.Message + line.Exception)];
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;

        private async Task RunAsync(MatrixServer matrix, MatrixRow row, MatrixCaller caller, int number)
        {
            var filled = matrix.RowOf(row, number);
            var request = As(caller, filled.Request);
            var expected = caller.StatusOf(filled);
            try
            {
                await matrix.PlantInsideAsync(number);
                var isRefused = expected is 400 or 401 or 403 || (filled.IsByLine && !Array.TrueForAll(filled.Needs, caller.May));
                var withoutOthers = isRefused ? await request.SendAsync(matrix.Server) : null;
                await matrix.PlantOutsideAsync(number);
                var before = matrix.Server.Store.Latest.Revision;
                var answer = await request.SendAsync(matrix.Server);
                Check(filled, request, expected, answer);
                if (withoutOthers is not null)
                    CheckRefused(filled, caller, withoutOthers, answer, matrix.Server.Store.Latest.Revision - before);
                if (!caller.May(Need.Read($"team-b/{number}/")) && IsLeak(answer.ToString() + answer.Text))
                    _leaks.Add($"{caller}: {filled}: {answer}");
            }
            catch (Exception exception)
            {
                _failures.Add($"{caller}: {filled}: {expected} was expected: {exception.Message}");
            }
        }

        private void Check(MatrixRow row, Request request, int expected, Response answer)
        {
            answer.Expect(expected);
            if (!_documented.TryGetValue((request.Operation, expected), out var documented))
            {
                Assert.True(!row.IsDocumented, $"The OpenAPI document does not have this answer: {answer}");
                return;
            }

            Contract.Check(request.Method, request.Target, answer);
            documented.Check(request, answer);
        }

        // The answer to a client that may not know of the other team's entries is the same whether they are there or not, and nothing is changed.
        private static void CheckRefused(MatrixRow row, MatrixCaller caller, Response without, Response with, long commits)
        {
            if (row.IsByLine && with.Status == 200)
            {
                var report = with.Json;
                var refused = row.Needs.Count(need => !caller.May(need));
                Assert.Equal((refused, row.Needs.Length - refused), (report.GetProperty("failed").GetInt32(), report.GetProperty("imported").GetInt32()));
                Assert.Equal(row.Needs.Length - refused, commits);
                return;
            }

            Assert.Equal(0, commits);
            Assert.Equal(Shown(without), Shown(with));
            foreach (var header in (string[])["ETag", "KvStore-Revision", "Last-Modified", "Location", "KvStore-Expires", "Idempotency-Replayed"])
                Assert.True(with.Header(header) is null, $"{header} tells of the store: {with}");
            Assert.Equal(with.Status == 401, with.Header("WWW-Authenticate") is not null);
            if (row.Request.Method == "HEAD")
                return;
            with.ExpectProblem(with.Status, with.Status switch { 400 => "malformed-request", 401 => "unauthorized", _ => "forbidden" }, with.Json.TryGetProperty("field", out var field) ? field.GetString() : null);
            Assert.DoesNotContain("team-b", caller.Prefixes.Contains("team-b/") ? "" : with.Json.GetProperty("detail").GetString(), StringComparison.Ordinal);
        }

        private static string Shown(Response answer) => string.Join('\n', answer.Headers.Where(header => header.Key != "Date").Select(header => $"{header.Key}: {header.Value}")) + "\n" + answer.Text;

        private static Request As(MatrixCaller caller, Request request) => request with { Headers = [.. request.Headers, .. caller.Headers] };

        private static MatrixRow OptionsOf(string endpoint)
        {
            var pattern = endpoint["OPTIONS ".Length..];
            return new MatrixRow("open", new Request(endpoint, pattern.Replace("{key}", "IN/text", StringComparison.Ordinal).Replace("{**page}", "http-api", StringComparison.Ordinal)), 204);
        }

        private static IEnumerable<string> EndpointsOf(KvServer server) =>
            from endpoint in server.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            from method in endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? ["ANY"]
            select $"{method} {endpoint.RoutePattern.RawText}";
    }
}
