using System.ComponentModel;
using System.Diagnostics;

namespace KvStore.Testing;

/// <summary>A member of an <see cref="EtcdCluster"/>, as a process that can be killed, paused and started again.</summary>
internal sealed class EtcdProcess : IDisposable
{
    // The last line of the log of a process that has ended.
    private const string Ended = "(ended)";

    private readonly string[] _command;
    private Process? _process;
    private bool _isPaused;

    public EtcdProcess(string name, Uri clientUrl, ProcessHost host, string[] arguments)
    {
        Name = name;
        ClientUrl = clientUrl;
        _command = [.. host.Through, "etcd", .. arguments];
    }

    public string Name { get; }

    public Uri ClientUrl { get; }

    /// <summary>What etcd has logged since its last start.</summary>
    public OutputLines Log { get; private set; } = new();

    /// <summary>Starts the process, with the data that it had before.</summary>
    public void Launch()
    {
        if (_process is not null)
            throw new InvalidOperationException($"{Name} is running.");

        var log = Log = new();
        var start = new ProcessStartInfo(_command[0], _command[1..]) { RedirectStandardError = true, RedirectStandardOutput = true };
        // etcd takes settings from its environment too, which are not the test's.
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("ETCD", StringComparison.Ordinal)).ToArray())
            start.Environment.Remove(name);
        try
        {
            _process = Process.Start(start)!;
        }
        catch (Win32Exception missing)
        {
            throw new InvalidOperationException("etcd is not installed. ./test.sh installs it; without it, run the tests with --filter Needs!=packages.", missing);
        }

        _process.ErrorDataReceived += (_, line) => log.Add(line.Data ?? Ended);
        _process.OutputDataReceived += (_, line) => log.Add(line.Data ?? "");
        _process.BeginErrorReadLine();
        _process.BeginOutputReadLine();
    }

    /// <summary>Waits until it serves clients: it has joined the others, and they have a leader.</summary>
    /// <returns>False if the process has ended instead.</returns>
    public async Task<bool> WaitUntilServingAsync() =>
        await Log.WaitForAsync(line => line == Ended || line.Contains("serving client traffic", StringComparison.Ordinal), TestContext.Current.CancellationToken).Within() != Ended;

    /// <summary>Starts it again after <see cref="KillAsync"/> and waits until it serves clients.</summary>
    public async Task RestartAsync()
    {
        Launch();
        if (!await WaitUntilServingAsync())
            throw new InvalidOperationException($"{Name} has ended:\n{Log}");
    }

    /// <summary>Kills the process (-9), as a crash would end it.</summary>
    public async Task KillAsync()
    {
        var process = Running;
        process.Kill();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken).Within();
        process.Dispose();
        _process = null;
        _isPaused = false;
    }

    /// <summary>Stops the process (SIGSTOP): its connections stay open, and nothing answers.</summary>
    public void Pause()
    {
        Signals.Send(Running.Id, Signal.Stop);
        _isPaused = true;
    }

    /// <summary>Lets a paused process run again (SIGCONT).</summary>
    public void Resume()
    {
        Signals.Send(Running.Id, Signal.Continue);
        _isPaused = false;
    }

    public bool IsServing => _process is not null && !_isPaused;

    public void Dispose()
    {
        if (_process is not { } process)
            return;
        process.Kill();
        process.WaitForExit();
        process.Dispose();
        _process = null;
    }

    private Process Running => _process ?? throw new InvalidOperationException($"{Name} is not running.");
}
