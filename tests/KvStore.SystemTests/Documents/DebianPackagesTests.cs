using System.Diagnostics;

namespace KvStore.SystemTests;

/// <summary>The sample program itself, on a cut of a real package index.</summary>
public sealed class DebianPackagesTests
{
    private static readonly string Index = Path.Combine(AppContext.BaseDirectory, "Data", "debian-packages.txt");

    [Fact]
    public async Task Sample_PartOfIndex_IsStoredAndReadBack()
    {
        await using var server = await ServerProcess.StartAsync();
        var records = File.ReadLines(Index).Count(line => line.StartsWith("Package: ", StringComparison.Ordinal));

        var (code, output, _) = await RunAsync(Index, server.Address);

        Assert.Equal(0, code);
        Assert.Matches($"^{records} entries, .* seconds .*, 0 errors$", output.Trim());
        using var connection = await RawConnection.ConnectAsync(server.Address);
        var list = await connection.ExchangeAsync("GET /v1/kv?prefix=debian/&limit=1000 HTTP/1.1\r\nHost: localhost\r\n\r\n");
        Assert.Equal(records, list.Json.GetProperty("items").GetArrayLength());
    }

    [Fact]
    public async Task Sample_QueueFull_RetriesUntilStored()
    {
        await using var server = await ServerProcess.StartAsync(("QueueOperationsMax", "2"), ("BatchOperationsMax", "1"));

        var (code, output, errors) = await RunAsync(Index, server.Address);

        Assert.True(code == 0, output + errors);
    }

    [Fact]
    public async Task Sample_RecordsTooLarge_NamesThemAndFails()
    {
        await using var server = await ServerProcess.StartAsync(("ValueBytesMax", "5000"));

        var (code, output, errors) = await RunAsync(Index, server.Address);

        Assert.Equal(1, code);
        Assert.DoesNotMatch(", 0 errors", output);
        Assert.Contains(": 413 ", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sample_NoService_PrintsAdvice()
    {
        var (code, _, errors) = await RunAsync(Index, new Uri("http://127.0.0.1:1"));

        Assert.Equal(2, code);
        Assert.Contains("dotnet run -c Release --project src/KvStore.Server", errors, StringComparison.Ordinal);
    }

    private static Task<(int Code, string Output, string Errors)> RunAsync(string index, Uri address) => ProgramRun.RunAsync(
        new ProcessStartInfo(Repository.Dotnet, [Repository.BuiltAssembly("samples/debian-packages", "DebianPackages"), index, address.GetLeftPart(UriPartial.Authority)]),
        TimeSpan.FromSeconds(60));
}
