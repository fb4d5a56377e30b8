using System.Diagnostics;

namespace KvStore.SystemTests;

/// <summary>The programs in the README and docs/clients.md, each as a process of its own against a fresh service. The document says what they print.</summary>
public sealed class ClientExampleTests : IDisposable
{
    private const string Document = "docs/clients.md";
    private static readonly TimeSpan ProgramTimeout = TimeSpan.FromMinutes(2);

    private readonly string _directory = Directory.CreateTempSubdirectory("kvstore-test-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [Trait("Needs", "packages")]
    [InlineData("README.md", "python", "five_calls.py", "python3")]
    [InlineData(Document, "javascript", "five-calls.mjs", "node")]
    [InlineData(Document, "go", "fivecalls.go", "go", "run")]
    public async Task Program_OtherLanguage_PrintsDocumentedOutput(string document, string language, string file, string command, params string[] arguments)
    {
        var path = Path.Combine(_directory, file);
        await File.WriteAllTextAsync(path, CodeBlocks.Single(document, language), TestContext.Current.CancellationToken);

        await AssertPrintsAsync(command, [.. arguments, path]);
    }

    [Fact]
    public async Task Program_CSharp_IsSampleAndPrintsDocumentedOutput()
    {
        const string Sample = "samples/five-calls";
        Assert.Equal(
            (await File.ReadAllTextAsync(Path.Combine(Repository.Root, Sample, "Program.cs"), TestContext.Current.CancellationToken)).ReplaceLineEndings("\n"),
            CodeBlocks.Single(Document, "csharp"));

        await AssertPrintsAsync(Repository.Dotnet, [Repository.BuiltAssembly(Sample, "FiveCalls")]);
    }

    private async Task AssertPrintsAsync(string command, string[] arguments)
    {
        await using var server = await ServerProcess.StartAsync(("Engine", "memory"));
        var (code, output, errors) = await RunAsync(command, arguments, server.Address);

        Assert.True(code == 0, $"{command} ended with code {code}.\n{output}\n{errors}");
        Assert.Equal(CodeBlocks.Single(Document, "text"), output.ReplaceLineEndings("\n"));
    }

    private async Task<(int Code, string Output, string Errors)> RunAsync(string command, string[] arguments, Uri address)
    {
        var start = new ProcessStartInfo(command, arguments) { WorkingDirectory = _directory };
        start.Environment["KVSTORE_URL"] = address.GetLeftPart(UriPartial.Authority);
        start.Environment["NO_PROXY"] = "*";

        // Go works without a module and without a network, and keeps what it compiles in this test's directory.
        start.Environment["GO111MODULE"] = "off";
        start.Environment["GOCACHE"] = Path.Combine(_directory, "go-cache");
        return await ProgramRun.RunAsync(start, ProgramTimeout);
    }
}
