namespace KvStore.Server.Tests;

/// <summary>
/// Every status that the OpenAPI document says of an operation is produced on a real service, and is as it is documented; and every
/// status that is produced is documented. <see cref="Situations"/> is the table of how.
/// </summary>
public sealed class StatusTests(StatusTests.Produced produced) : IClassFixture<StatusTests.Produced>
{
    [Fact]
    public void Service_EverySituation_AnswersAsDocumented() => AssertNone(produced.Failures);

    [Fact]
    public void Document_EveryStatus_HasProducer() => AssertNone(
        from pair in produced.Documented.Keys.Except(Situations.All.SelectMany(Produced.ProducersOf).Select(producer => (producer.Request.Operation, producer.Status)))
        select $"{pair.Operation} is documented to answer {pair.Status}, and nothing produces it. Add the line that does to {nameof(Situations)}, or take the status out of the document.");

    [Fact]
    public void Document_EveryHeader_IsProduced() => AssertNone(
        from answer in produced.Documented
        from header in answer.Value.Headers.Keys
        where !produced.Headers.Contains((answer.Key.Operation, answer.Key.Status, header.ToUpperInvariant()))
        select $"{answer.Key.Operation} is documented to answer {answer.Key.Status} with {header}, and no producer in {nameof(Situations)} gets that header.");

    private static void AssertNone(IEnumerable<string> complaints)
    {
        var all = complaints.Order(StringComparer.Ordinal).ToArray();
        Assert.True(all.Length == 0, $"{all.Length}:\n{string.Join('\n', all)}");
    }

    /// <summary>All that is produced, once for all of these tests.</summary>
    public sealed class Produced : IAsyncLifetime
    {
        private readonly List<string> _failures = [];
        private readonly HashSet<(string Operation, int Status, string Header)> _headers = [];

        internal IReadOnlyDictionary<(string Operation, int Status), DocumentedAnswer> Documented { get; private set; } = null!;

        /// <summary>Which headers came with which answers, in upper case.</summary>
        internal IReadOnlySet<(string Operation, int Status, string Header)> Headers => _headers;

        internal IReadOnlyList<string> Failures => _failures;

        internal static IEnumerable<Producer> ProducersOf(Situation situation) => situation.Producers.SelectMany(producers => producers);

        public async ValueTask InitializeAsync()
        {
            await using (var server = await KvServer.StartAsync())
                Documented = DocumentedAnswer.Read((await server.Client.GetAsync("/openapi/v1.json")).Expect(200).Json);

            // A service starts in the calling thread, so those who only wait begin first.
            await Task.WhenAll(Situations.All.OrderByDescending(situation => situation.IsSlow).Select(RunAsync));
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;

        private async Task RunAsync(Situation situation)
        {
            await using var server = await situation.StartAsync();
            if (situation.IsSlow)
            {
                await Task.WhenAll(ProducersOf(situation).Select(producer => RunAsync(server, situation, producer)));
                return;
            }

            foreach (var producer in ProducersOf(situation))
                await RunAsync(server, situation, producer);
        }

        private async Task RunAsync(KvServer server, Situation situation, Producer producer)
        {
            try
            {
                var answer = await producer.Request.SendAsync(server);
                Check(producer, answer);
                lock (_headers)
                    _headers.UnionWith(answer.Headers.Keys.Select(header => (producer.Request.Operation, answer.Status, header.ToUpperInvariant())));
            }
            catch (Exception exception)
            {
                lock (_failures)
                    _failures.Add($"{producer} ({situation.Name}): {exception.Message}");
            }
        }

        private void Check(Producer producer, Response answer)
        {
            var request = producer.Request;
            Assert.True(Documented.ContainsKey((request.Operation, answer.Status)), $"The OpenAPI document does not have this answer: {answer}");
            answer.Expect(producer.Status);
            Contract.Check(request.Method, request.Target, answer);
            Documented[(request.Operation, answer.Status)].Check(request, answer);
            if (producer.Slug is { } slug && request.Method != "HEAD")
                Assert.True(answer.Json.GetProperty("type").GetString() == "/docs/http-api#" + slug, $"The problem {slug} was expected: {answer}");
        }
    }
}
