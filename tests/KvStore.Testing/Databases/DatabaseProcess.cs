using System.ComponentModel;
using System.Diagnostics;

namespace KvStore.Testing;

/// <summary>
/// A database server with a directory of its own, as a process that can be ended and started again. It listens on a Unix socket in that directory alone, so servers never meet. These servers refuse to run
/// as root, for whom they run as the user that their package has made.
/// </summary>
internal sealed class DatabaseProcess : IDisposable
{
    // The last line of the log of a process that has ended.
    private const string Ended = "(ended)";

    private readonly string _user;
    private readonly string _package;
    private Process? _process;

    private DatabaseProcess(string user, string package, string directory) => (_user, _package, Directory) = (user, package, directory);

    /// <summary>The directory, which the process owns.</summary>
    public string Directory { get; }

    /// <summary>What the process has logged since its last start.</summary>
    public OutputLines Log { get; private set; } = new();

    /// <summary>Makes the directory.</summary>
    /// <param name="user">The user that the package of the server has made.</param>
    /// <param name="package">Debian's package of the server.</param>
    public static async Task<DatabaseProcess> CreateAsync(string user, string package)
    {
        var place = new DatabaseProcess(user, package, "/");
        var made = await place.RunAsync("mktemp", "--directory", $"/tmp/kvstore-{user}-XXXXXX");
        return new DatabaseProcess(user, package, made.Trim());
    }

    /// <summary>Runs a program to its end, as the user of the server.</summary>
    /// <returns>What it wrote to its standard output.</returns>
    public async Task<string> RunAsync(string program, params string[] arguments)
    {
        using var process = Start(program, arguments);
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync(TestContext.Current.CancellationToken).Within();
        return process.ExitCode == 0 ? await output : throw new InvalidOperationException($"{Path.GetFileName(program)} ended with {process.ExitCode}: {await error}{await output}");
    }

    /// <summary>Starts the server and waits until it is ready.</summary>
    /// <param name="isReady">Whether a line of its log says so.</param>
    /// <param name="program">The server.</param>
    /// <param name="arguments">Its arguments.</param>
    public async Task LaunchAsync(Func<string, bool> isReady, string program, params string[] arguments)
    {
        if (_process is not null)
            throw new InvalidOperationException("The server is running.");
        var log = Log = new();
        _process = Start(program, arguments);
        _process.ErrorDataReceived += (_, line) => log.Add(line.Data ?? Ended);
        _process.OutputDataReceived += (_, line) => log.Add(line.Data ?? "");
        _process.BeginErrorReadLine();
        _process.BeginOutputReadLine();
        if (await log.WaitForAsync(line => line == Ended || isReady(line), TestContext.Current.CancellationToken).Within() == Ended)
            throw new InvalidOperationException($"{Path.GetFileName(program)} has ended:\n{log}");
    }

    /// <summary>Sends a signal that ends the server, and waits for its end.</summary>
    public async Task EndAsync(Signal signal)
    {
        var process = _process ?? throw new InvalidOperationException("The server is not running.");
        Signals.Send(process.Id, signal);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken).Within();
        process.Dispose();
        _process = null;
    }

    /// <summary>Lets the processes of the server stand still (SIGSTOP), or run again (SIGCONT). Connections stay open.</summary>
    public void Send(Signal signal) => Signals.Send((_process ?? throw new InvalidOperationException("The server is not running.")).Id, signal);

    /// <summary>Ends the server at once, and deletes its directory.</summary>
    public void Dispose()
    {
        if (_process is { } process)
        {
            // Not a kill, which would leave the processes of connections.
            Signals.Send(process.Id, Signal.Quit);
            if (!process.WaitForExit(Soon.Patience))
                process.Kill();
            process.WaitForExit();
            process.Dispose();
            _process = null;
        }

        System.IO.Directory.Delete(Directory, recursive: true);
    }

    private Process Start(string program, string[] arguments)
    {
        string[] command = Environment.IsPrivilegedProcess ? ["setpriv", $"--reuid={_user}", $"--regid={_user}", "--clear-groups", program, .. arguments] : [program, .. arguments];
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardError = true, RedirectStandardOutput = true, RedirectStandardInput = true, WorkingDirectory = Directory };

        // Clients and servers take settings from the environment too, which are not the test's.
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("PG", StringComparison.Ordinal) || name.StartsWith("MYSQL", StringComparison.Ordinal)).ToArray())
            start.Environment.Remove(name);
        try
        {
            var process = Process.Start(start)!;
            process.StandardInput.Close();
            return process;
        }
        catch (Win32Exception missing)
        {
            throw new InvalidOperationException($"{program} is not installed ({_package}). ./test.sh installs it; without it, run the tests with --filter Needs!=packages.", missing);
        }
    }
}
