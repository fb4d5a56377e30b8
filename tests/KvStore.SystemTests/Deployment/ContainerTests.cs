using System.Diagnostics;

namespace KvStore.SystemTests;

/// <summary>The image of the Dockerfile, built and run by a real container engine.</summary>
[Trait("Needs", "packages")]
[Trait("Time", "any")]
public sealed class ContainerTests
{
    [Fact]
    public async Task Image_OfNativeProgram_ServesStopsAndKeepsData()
    {
        var program = Repository.NativeServer;
        Assert.SkipWhen(program is null, "The image has the native program, which ./test.sh without options makes.");
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Containers without the machine's network need root.");

        var (code, output, errors) = await ProgramRun.RunAsync(
            new ProcessStartInfo(Path.Combine(Repository.Root, "deploy", "container", "try.sh"), ["--program", program]), TimeSpan.FromMinutes(3));

        Assert.True(code == 0, output + errors);
        Assert.Contains("== all is right", output, StringComparison.Ordinal);
    }
}
