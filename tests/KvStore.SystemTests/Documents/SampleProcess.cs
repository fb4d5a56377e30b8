using System.Diagnostics;

namespace KvStore.SystemTests;

/// <summary>A sample as its script starts it, from what was built together with the tests. Disposing ends it as a terminal would, so that the script ends what it has started.</summary>
internal sealed class SampleProcess : IAsyncDisposable
{
    private readonly Process _process;

    private SampleProcess(string sample, string[] arguments)
    {
        var start = new ProcessStartInfo(Path.Combine(Repository.Root, "samples", sample, "run.sh"), [.. arguments, "--no-build"]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["CONFIGURATION"] = Repository.Configuration;
        start.Environment["NO_PROXY"] = "*";
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Output.Add(line.Data ?? "");
        _process.ErrorDataReceived += (_, line) => Output.Add(line.Data ?? "");
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public OutputLines Output { get; } = new();

    /// <summary>Starts it.</summary>
    /// <param name="sample">The name of its folder.</param>
    /// <param name="arguments">The arguments of its script.</param>
    public static SampleProcess Start(string sample, params string[] arguments) => new(sample, arguments);

    /// <summary>Starts it, and waits until it says that it is ready.</summary>
    public static async Task<SampleProcess> StartAsync(string sample, params string[] arguments)
    {
        var process = Start(sample, arguments);
        try
        {
            await process.WaitForAsync(line => line.StartsWith("run.sh: ready.", StringComparison.Ordinal));
            return process;
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    public Task<string> WaitForAsync(Func<string, bool> wanted) => Output.WaitForAsync(wanted, TestContext.Current.CancellationToken).Within();

    /// <summary>Waits until it has ended by itself.</summary>
    public async Task<int> WaitForExitAsync()
    {
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken).Within();
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            Signals.Send(_process.Id, Signal.Terminate);
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken).Within();
        _process.Dispose();
    }
}
