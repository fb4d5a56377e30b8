using KvStore.Fuzz;

namespace KvStore.SystemTests;

/// <summary>Random requests against a service with a small heap: every answer is documented, and nothing grows.</summary>
public sealed class FuzzerTests
{
    private const int RequestsPerSeed = 25_000;

    // Longer than any pause of a busy build server; a lock that nothing releases takes longer still.
    private static readonly TimeSpan StallMax = TimeSpan.FromSeconds(30);

    /// <summary>Seeds that have found something, and one that nobody has tried.</summary>
    public static TheoryData<int> Seeds => [7, 11, 12, Random.Shared.Next()];

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Requests_RandomAndMutated_AreAnsweredAsDocumented(int seed)
    {
        await using var service = await StartAsync();
        var report = await new Fuzzer(service, new FuzzOptions { Requests = RequestsPerSeed, Seed = seed, Limits = new() { StallMax = StallMax } }).RunAsync();
        TestContext.Current.TestOutputHelper?.WriteLine(report.ToString());
        Assert.Null(report.Failure);
    }

    [Fact]
    public async Task Routes_OfTheFuzzer_AreThoseOfTheDocument()
    {
        await using var service = await StartAsync();
        var contract = await Contract.ReadAsync(new Uri($"http://{service.EndPoint}"), TestContext.Current.CancellationToken);
        Assert.Equal(contract.Operations.Order(), Routes.All.Select(route => (route.Method, route.Path)).Order());
    }

    [Fact]
    public void Case_AsText_IsTheSameCase()
    {
        var generator = new CaseGenerator(1, Landmarks.None, null, isAmplified: true, new Acknowledged());
        for (var number = 0; number < 2000; number++)
        {
            var made = generator.Next(number);
            var parsed = CaseText.Parse(CaseText.Format(made));
            Assert.Equal(made.Steps.Select(step => (step.Kind, step.Number)), parsed.Steps.Select(step => (step.Kind, step.Number)));
            Assert.Equal(HeadsOf(made), HeadsOf(parsed));
            Assert.All(made.Steps.Zip(parsed.Steps), steps => Assert.True(steps.First.Bytes.Span.SequenceEqual(steps.Second.Bytes.Span)));
        }
    }

    /// <summary>A run that a given seed and number always repeats.</summary>
    [Fact]
    public void Case_SameSeedAndNumber_IsTheSameBytes()
    {
        var (one, other) = (new CaseGenerator(5, Landmarks.None, null, true, new Acknowledged()), new CaseGenerator(5, Landmarks.None, null, true, new Acknowledged()));
        Assert.All(Enumerable.Range(0, 500), number => Assert.Equal(CaseText.Format(one.Next(number)), CaseText.Format(other.Next(number))));
    }

    private static IEnumerable<int> HeadsOf(FuzzCase fuzzCase) => Enumerable.Range(0, fuzzCase.Requests.Count).Where(i => fuzzCase.Requests[i].IsHead);

    private static Task<ServiceProcess> StartAsync() => ServiceProcess.StartAsync(new ServiceStart(Repository.Server));
}
