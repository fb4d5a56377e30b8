using System.Diagnostics;
using System.Text.RegularExpressions;

namespace KvStore.SystemTests;

/// <summary>The units as systemd reads them.</summary>
[Trait("Needs", "packages")]
public sealed partial class SystemdTests : IDisposable
{
    // systemd-analyze calls a unit without any restriction 96, and one with all of them 0.
    private const int ExposureMax = 20;

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Units_AreValid()
    {
        var units = CopyUnits();
        var (code, output, errors) = await RunAsync(["verify", .. units]);
        Assert.Equal((0, "", ""), (code, output, errors));
    }

    [Theory]
    [InlineData("kvstore.service")]
    [InlineData("kvstore-backup.service")]
    public async Task Services_AreHardened(string name)
    {
        var unit = CopyUnits().Single(path => Path.GetFileName(path) == name);
        var (code, output, _) = await RunAsync(["security", "--no-pager", "--offline=true", $"--threshold={ExposureMax}", unit]);
        Assert.True(code == 0, output);
    }

    // The programs are not installed here, which systemd-analyze takes for a mistake.
    private string[] CopyUnits()
    {
        var directory = _directory.New();
        Directory.CreateDirectory(directory);
        string[] folders = ["deploy/systemd", "deploy/backup"];
        return [.. from folder in folders
                   from path in Directory.EnumerateFiles(Path.Combine(Repository.Root, folder), "kvstore*.*")
                   select Copy(path, Path.Combine(directory, Path.GetFileName(path)))];
    }

    private static string Copy(string path, string copy)
    {
        File.WriteAllText(copy, ExecStart().Replace(File.ReadAllText(path), "ExecStart=/bin/true"));
        return copy;
    }

    private static Task<(int Code, string Output, string Errors)> RunAsync(string[] arguments) =>
        ProgramRun.RunAsync(new ProcessStartInfo("systemd-analyze", arguments) { Environment = { ["SYSTEMD_COLORS"] = "0" } }, TimeSpan.FromSeconds(30));

    [GeneratedRegex("^ExecStart=.*$", RegexOptions.Multiline)]
    private static partial Regex ExecStart();
}
