namespace KvStore.SystemTests;

/// <summary>A data directory that outlives the processes that use it, and is gone after the test.</summary>
internal sealed class DataDirectory : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("kvstore-test-").FullName;

    /// <summary>Not there before the first process has made it.</summary>
    public string FullName => Path.Combine(_root, "data");

    /// <summary>The segment that the log appends to.</summary>
    public string LastSegment => Directory.GetFiles(FullName, "*.segment").Max(StringComparer.Ordinal)!;

    /// <summary>Where the last byte that was written ends: what follows is room that was reserved.</summary>
    public static long EndOfBytes(string path) => Array.FindLastIndex(File.ReadAllBytes(path), b => b != 0) + 1;

    /// <summary>Starts a service on the directory and waits until it is ready.</summary>
    public Task<ServerProcess> StartAsync(params (string Name, string Value)[] settings) => Launch(settings).WhenReadyAsync();

    /// <summary>Starts a service on the directory and returns at once.</summary>
    public ServerProcess Launch(params (string Name, string Value)[] settings) =>
        Launch(null, settings);

    /// <summary>Starts a service on the directory, on a disk that can fail, and returns at once.</summary>
    public ServerProcess Launch(FaultyDisk? disk, params (string Name, string Value)[] settings) => ServerProcess.Launch(
        ["--urls", "http://127.0.0.1:0", "--data", FullName],
        settings.Select(setting => ("KvStore__" + setting.Name, setting.Value)).Concat(disk?.Environment ?? []));

    /// <summary>Runs <c>verify</c> or <c>repair</c> on it, on a disk that can fail if there is one.</summary>
    public async Task<(int ExitCode, string Output)> RunAsync(string command, FaultyDisk? disk = null)
    {
        await using var process = ServerProcess.Launch([command, "--data", FullName], disk?.Environment ?? []);
        var code = await process.WaitForExitAsync(ServerProcess.StartTimeout);
        Assert.Empty(process.Error.ToArray());
        return (code, process.Output.ToString());
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);
}
