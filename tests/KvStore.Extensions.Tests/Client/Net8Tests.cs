using System.Diagnostics;

namespace KvStore.Extensions.Tests;

/// <summary>The client that is built for .NET 8, in a process of its own: on .NET 8 where it is installed, otherwise on a later one.</summary>
public sealed class Net8Tests
{
    [Fact]
    public async Task Tour_BuiltForNet8_MakesEveryKindOfCall()
    {
        await using var server = await ServerProcess.StartAsync(("Engine", "memory"));
        var program = Path.Combine(Repository.Root, "tests", "KvStore.Client.Tour", "bin", Repository.Configuration, "net8.0", "KvStore.Client.Tour.dll");
        var start = new ProcessStartInfo(Repository.Dotnet, ["exec", program, server.Address.ToString()]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        try
        {
            Assert.Equal(
                """
                client: .NETCoreApp,Version=v8.0
                text: Ada
                json: Person { Name = Ada, Age = 36 }
                updated: Person { Name = Ada, Age = 37 }
                imported: 2
                group: copy/
                group: tour/
                watch: tour/json
                watch: tour/text
                mergeable: 1

                """.ReplaceLineEndings("\n") + await error.Within(),
                (await output.Within()) + await error.Within());
        }
        finally
        {
            process.Kill();
        }
    }
}
