using System.Diagnostics;

namespace KvStore.SystemTests;

/// <summary>The Debian package, installed, run, upgraded, removed and purged in a copy of this machine.</summary>
[Trait("Needs", "packages")]
[Trait("Time", "any")]
public sealed class PackageTests : IDisposable
{
    private readonly TemporaryDirectory _output = new();

    public void Dispose() => _output.Dispose();

    [Fact]
    public async Task Package_OfNativeProgram_InstallsUpgradesAndLeavesNothing()
    {
        var program = Repository.NativeServer;
        Assert.SkipWhen(program is null, "The package has the native program, which ./test.sh without options makes.");
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Installing a package needs root, even in a copy of the machine.");

        var output = _output.New();
        await RunAsync("build.sh", "--program", program, "--output", output);
        var package = Assert.Single(Directory.GetFiles(output, "kvstore_*.deb"));
        var transcript = await RunAsync("try.sh", package);

        Assert.Contains("== all is right", transcript, StringComparison.Ordinal);
    }

    private static async Task<string> RunAsync(string script, params string[] arguments)
    {
        var (code, output, errors) = await ProgramRun.RunAsync(
            new ProcessStartInfo(Path.Combine(Repository.Root, "deploy", "debian", script), arguments), TimeSpan.FromMinutes(2));
        Assert.True(code == 0, output + errors);
        return output;
    }
}
