using System.Text.RegularExpressions;

namespace KvStore.SystemTests;

/// <summary>Executes the curl commands of docs/origins.md, in their order, against a service as the document sets it up. The slow service is the one of the document.</summary>
[Trait("Needs", "packages")]
public sealed partial class OriginDocumentTests
{
    private const string Document = "docs/origins.md";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Commands_OfOriginsDocument_AnswerAsDocumented()
    {
        await using var shell = new Bash();
        var port = (await shell.RunAsync("mkdir -p slow/rates && echo '{\"price\": 99}' > slow/rates/1 && coproc python3 -u -m http.server 0 --bind 127.0.0.1 --directory slow 2>&1 && read -r -u ${COPROC[0]} said && grep -oP 'port \\K[0-9]+' <<<\"$said\"")).Output.Trim();
        var url = ("Origins:acme:Http:Url", $"http://127.0.0.1:{port}/rates/{{key}}");
        try
        {
            await ExecuteAsync(shell, url);
        }
        finally
        {
            await shell.RunAsync("kill $COPROC_PID");
        }
    }

    private static async Task ExecuteAsync(Bash shell, (string, string) url)
    {
        await using var behind = await ServerProcess.StartAsync(("Engine", "memory"), ("Origins:acme:Prefix", "rates/"), ("Origins:acme:Writes", "behind"), url);
        await using var local = await ServerProcess.StartAsync(("Engine", "memory"), ("Origins:acme:Prefix", "rates/"), ("Origins:acme:Writes", "local"));

        var (count, token) = (0, "");
        foreach (var line in (await File.ReadAllLinesAsync(Path.Combine(Repository.Root, Document), Cancellation)).Where(line => line.StartsWith("curl ", StringComparison.Ordinal)))
        {
            count++;
            var isLease = line.Contains("Load-Token", StringComparison.Ordinal) || line.Contains("Retry-After", StringComparison.Ordinal);
            var command = Placeholder().Replace(line, token).Replace("http://localhost:8080", (isLease ? local : behind).Address.GetLeftPart(UriPartial.Authority), StringComparison.Ordinal);
            var answer = await shell.RunAsync((isLease ? "curl -i" : "curl -i --fail-with-body") + command["curl".Length..]);
            Assert.True(answer.ExitCode == 0, $"{line}\n{answer.Output}");
            if (Regex.Match(line, "# (Cache-Status: .*|404, .*|[{].*)$") is { Success: true } said)
            {
                foreach (var part in said.Groups[1].Value.Split("404, ", StringSplitOptions.RemoveEmptyEntries))
                    Assert.Contains(Normalize(part), Normalize(answer.Output), StringComparison.OrdinalIgnoreCase);
            }

            if (Token().Match(answer.Output) is { Success: true } given)
                token = given.Groups[1].Value;
        }

        Assert.True(count >= 12, $"Only {count} commands were found in {Document}.");
    }

    // How long something is fresh, and what a token is, differs from run to run.
    private static string Normalize(string text) => Token().Replace(Regex.Replace(text, "ttl=[0-9]+", "ttl=N"), "KvStore-Load-Token: T");

    [GeneratedRegex("KgAAAAAA[.]{3}(?=')")]
    private static partial Regex Placeholder();

    [GeneratedRegex("KvStore-Load-Token: ([^ \r\n']+)", RegexOptions.IgnoreCase)]
    private static partial Regex Token();
}
