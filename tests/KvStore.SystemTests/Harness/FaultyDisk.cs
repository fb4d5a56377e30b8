using System.Diagnostics;

namespace KvStore.SystemTests;

/// <summary>
/// Makes the system calls of services fail while they run: real processes, and everything above the call is real too.
/// <c>Faults/libc.c</c> says how.
/// </summary>
internal sealed class FaultyDisk : IDisposable
{
    public const int InputOutputError = 5;
    public const int NoSpaceLeft = 28;
    public const int ReadOnlyFileSystem = 30;

    private readonly string _root = Directory.CreateTempSubdirectory("kvstore-test-").FullName;

    private FaultyDisk()
    {
    }

    /// <summary>What a process needs in its environment to run on this disk.</summary>
    public IEnumerable<(string Name, string Value)> Environment => [("LD_LIBRARY_PATH", _root), ("KVSTORE_TEST_FAULTS", _root)];

    /// <summary>Builds the library.</summary>
    public static async Task<FaultyDisk> BuildAsync()
    {
        var disk = new FaultyDisk();
        var source = Path.Combine(Repository.Root, "tests/KvStore.SystemTests/Faults/libc.c");
        using var compiler = Process.Start(new ProcessStartInfo("gcc", ["-shared", "-fPIC", "-Wall", "-Werror", "-O1", "-o", Path.Combine(disk._root, "libc.so"), source])
        {
            RedirectStandardError = true,
        })!;
        var errors = await compiler.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await compiler.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(compiler.ExitCode == 0, errors);
        return disk;
    }

    /// <summary>Makes a call fail from now on, for files whose path has a part.</summary>
    public void Fail(string function, int error, string part = "") => Set(function, $"{error} {part}");

    /// <summary>Makes a call wait from now on, until it is healed.</summary>
    public void Hold(string function, string part = "") => Set(function, $"-1 {part}");

    /// <summary>Makes a call work again.</summary>
    public void Heal(string function) => File.Delete(Path.Combine(_root, function));

    public void Dispose() => Directory.Delete(_root, recursive: true);

    // Renamed, so that no process reads half of it.
    private void Set(string function, string text)
    {
        var path = Path.Combine(_root, function);
        File.WriteAllText(path + ".new", text);
        File.Move(path + ".new", path, overwrite: true);
    }
}
