using System.Diagnostics;

namespace KvStore.Extensions.Tests;

/// <summary>A process that holds a lock or executes jobs, with a lease of a second: what <c>tests/KvStore.Extensions.Holder</c> does. Disposing kills it.</summary>
internal sealed class Holder : IDisposable
{
    private readonly Process _process;
    private readonly OutputLines _output = new();

    public Holder(string task, Uri address, string name, string place)
    {
        var program = Repository.BuiltAssembly("tests/KvStore.Extensions.Holder", "KvStore.Extensions.Holder");
        _process = new Process { StartInfo = new ProcessStartInfo(Repository.Dotnet, [program, task, address.ToString(), name, place, "1"]) { RedirectStandardOutput = true } };
        _process.OutputDataReceived += (_, line) => _output.Add(line.Data ?? "");
        _process.Start();
        _process.BeginOutputReadLine();
    }

    public int Id => _process.Id;

    public bool HasSaid(string line) => _output.ToArray().Contains(line);

    public Task<string> WaitForAsync(string line) => _output.WaitForAsync(said => said == line, TestContext.Current.CancellationToken).Within();

    public void Send(Signal signal) => Signals.Send(_process.Id, signal);

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }
}
