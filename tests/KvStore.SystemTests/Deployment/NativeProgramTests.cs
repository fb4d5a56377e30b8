using System.Diagnostics;
using System.Globalization;

namespace KvStore.SystemTests;

/// <summary>What the native program promises of its size, and the order of methods that keeps it.</summary>
[Trait("Needs", "packages")]
public sealed class NativeProgramTests
{
    private const long FileBytesMax = 42_000_000;
    private const long ResidentBytesMax = 53_000_000;
    private const double OrderedMin = 0.8;

    private readonly string? _program = Repository.NativeServer;

    [Fact]
    public void File_WithEverything_IsSmall()
    {
        SkipIfOrdinary();
        Assert.InRange(new FileInfo(_program!).Length, 1, FileBytesMax);
    }

    [Fact]
    public async Task Start_EmptyStore_TakesLittleMemory()
    {
        SkipIfOrdinary();
        await using var server = await ServerProcess.StartAsync();

        var resident = File.ReadLines($"/proc/{server.Id}/status").Single(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        Assert.InRange(1024 * long.Parse(resident.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture), 1, ResidentBytesMax);
    }

    [Fact]
    public async Task MethodsOrder_MostMethods_Exist()
    {
        SkipIfOrdinary();
        var symbols = _program + ".dbg";
        Assert.SkipUnless(File.Exists(symbols), "The symbols are not beside the program.");

        var (code, output, errors) = await ProgramRun.RunAsync(new ProcessStartInfo("nm", ["--format=just-symbols", symbols]), TimeSpan.FromSeconds(60));

        Assert.True(code == 0, errors);
        var existing = output.Split('\n').ToHashSet();
        var ordered = File.ReadAllLines(Path.Combine(Repository.Root, "src", "KvStore.Server", "methods.order"));
        var share = ordered.Count(existing.Contains) / (double)ordered.Length;
        Assert.True(share >= OrderedMin, $"Of the methods in methods.order only {share:P0} exist. Record it again: bench/order/record.sh.");
    }

    private void SkipIfOrdinary() => Assert.SkipWhen(_program is null, "This is about the native program, which ./test.sh without options makes.");
}
