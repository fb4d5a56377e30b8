using System.Globalization;
using System.Net.Http.Headers;

namespace KvStore.SystemTests;

/// <summary>Executes every command of docs/cluster.md against the cluster that its first command starts.</summary>
[Trait("Needs", "packages")]
[Trait("Time", "any")]
public sealed class ClusterDocumentTests
{
    private const string Document = "docs/cluster.md";
    private const string Script = "deploy/cluster/up.sh";
    private const string NodeAddress = "http://localhost:9080";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Tour_OfClusterDocument_AnswersAsDocumented()
    {
        var steps = ConsoleTour.Parse(await File.ReadAllTextAsync(Path.Combine(Repository.Root, Document), Cancellation));
        Assert.True(steps.Count >= 19, $"Only {steps.Count} commands were found in {Document}.");

        await using var node = await ServerProcess.StartAsync(("Engine", "memory"));
        await FillAsync(node);
        await using var cluster = new LocalCluster();
        await using var shell = new Bash();
        await shell.RunAsync($"export TMPDIR={cluster.TemporaryDirectory}");
        var matcher = new TourMatcher();
        foreach (var step in steps)
        {
            var result = await shell.RunAsync(Real(matcher.Translate(step.Command)));
            Assert.True(matcher.Differs(step.Answer, result.Output) is not { } difference, $"{Document}:{step.Line}: {step.Command}\n{result.Output}");
        }

        string Real(string command)
        {
            command = command.Replace(Script, $"{LocalCluster.Script} {string.Join(' ', command.Contains("--down", StringComparison.Ordinal) ? [] : cluster.Options)}", StringComparison.Ordinal)
                .Replace(NodeAddress, node.Address.GetLeftPart(UriPartial.Authority), StringComparison.Ordinal);
            for (var at = 0; at < 6; at++)
            {
                command = command.Replace(Port(8080 + at), Port(cluster.Port + at), StringComparison.Ordinal)
                    .Replace(Port(12379 + at), Port(cluster.EtcdPort + at), StringComparison.Ordinal);
            }

            return command;
        }

        static string Port(int port) => string.Create(CultureInfo.InvariantCulture, $":{port}");
    }

    private static async Task FillAsync(ServerProcess node)
    {
        using var client = new HttpClient { BaseAddress = node.Address };
        using var lines = new StringContent(string.Join('\n', Enumerable.Range(0, 25_000).Select(i => $$"""{"key":"node/{{i}}","text":"value"}""")), new MediaTypeHeaderValue("application/x-ndjson"));
        using var import = await client.PostAsync("/v1/import", lines, Cancellation);
        Assert.True(import.IsSuccessStatusCode);
    }
}
