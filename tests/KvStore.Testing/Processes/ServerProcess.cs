using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;

namespace KvStore.Testing;

/// <summary>
/// The built service as a process of its own, with an address that it chose itself. Disposing kills it if it still runs:
/// this process and no other.
/// </summary>
internal sealed partial class ServerProcess : IAsyncDisposable
{
    public static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(30);

    private static readonly HttpClient ReadinessClient = new() { Timeout = TimeSpan.FromSeconds(5) };

    private readonly Process _process;
    private readonly string _directory;

    private ServerProcess(Process process, string directory)
    {
        _process = process;
        _directory = directory;
    }

    public int Id => _process.Id;

    /// <summary>Where it runs, and where its data is unless a test says otherwise.</summary>
    public string WorkingDirectory => _directory;

    public OutputLines Output { get; } = new();

    public OutputLines Error { get; } = new();

    /// <summary>Known once the service has said it, unless a test chose it.</summary>
    public Uri Address { get; set; } = new("http://unknown.invalid");

    /// <summary>Both outputs, for the message of a failed assertion.</summary>
    public string Transcript => $"stdout:\n{Output}\nstderr:\n{Error}";

    /// <summary>Starts the service on a free port and waits until it is ready.</summary>
    /// <param name="settings">Environment variables: those of .NET (<c>DOTNET_</c>) as they are, the service's without their prefix <c>KvStore__</c>.</param>
    public static async Task<ServerProcess> StartAsync(params (string Name, string Value)[] settings)
    {
        var server = Launch(["--urls", "http://127.0.0.1:0"], settings);
        return await server.WhenReadyAsync();
    }

    /// <summary>The same for a process that may have only so many files and sockets open.</summary>
    public static async Task<ServerProcess> StartLimitedAsync(int descriptors, string[] arguments, params (string Name, string Value)[] settings)
    {
        var server = Launch(["--urls", "http://127.0.0.1:0", .. arguments], Environment(settings), ["prlimit", $"--nofile={descriptors}:{descriptors}"]);
        return await server.WhenReadyAsync();
    }

    /// <summary>Waits until it is ready; ends it if that does not come.</summary>
    public async Task<ServerProcess> WhenReadyAsync()
    {
        try
        {
            await WaitUntilReadyAsync();
            return this;
        }
        catch
        {
            await DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts the service and returns at once.</summary>
    public static ServerProcess Launch(string[] arguments, params (string Name, string Value)[] settings) =>
        Launch(arguments, Environment(settings));

    /// <summary>Starts the service with environment variables and returns at once.</summary>
    /// <param name="arguments">The arguments of the service.</param>
    /// <param name="environment">The environment variables.</param>
    /// <param name="through">A program that becomes the service, with its arguments.</param>
    public static ServerProcess Launch(string[] arguments, IEnumerable<(string Name, string Value)> environment, params string[] through) =>
        LaunchCommand([.. through, .. Repository.Server, .. arguments], environment);

    /// <summary>Starts what was built together with the tests, also if another program is under test, and waits until it is ready.</summary>
    public static Task<ServerProcess> StartOrdinaryAsync() => LaunchCommand([.. Repository.OrdinaryServer, "--urls", "http://127.0.0.1:0"], []).WhenReadyAsync();

    private static ServerProcess LaunchCommand(string[] command, IEnumerable<(string Name, string Value)> environment)
    {
        // A directory of its own, so that nothing is found or left in the repository by accident.
        var directory = Directory.CreateTempSubdirectory("kvstore-test-").FullName;

        // A shell starts what it puts into the background with the interrupt ignored, and that is inherited.
        var start = new ProcessStartInfo("env", ["--default-signal=INT", .. command])
        {
            WorkingDirectory = directory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var name in start.Environment.Keys.Where(IsOfTheService).ToArray())
            start.Environment.Remove(name);
        foreach (var (name, value) in environment)
            start.Environment[name] = value;

        var server = new ServerProcess(new Process { StartInfo = start }, directory);
        server._process.OutputDataReceived += (_, line) => Keep(server.Output, line.Data);
        server._process.ErrorDataReceived += (_, line) => Keep(server.Error, line.Data);
        server._process.Start();
        server._process.BeginOutputReadLine();
        server._process.BeginErrorReadLine();
        return server;

        static void Keep(OutputLines lines, string? line)
        {
            if (line is not null)
                lines.Add(line);
        }
    }

    public void Send(Signal signal) => Signals.Send(_process.Id, signal);

    /// <summary>Waits for the end of the process and of its output.</summary>
    /// <returns>The exit code; 128 plus the signal if one killed it.</returns>
    /// <exception cref="TimeoutException">It still runs.</exception>
    public async Task<int> WaitForExitAsync(TimeSpan timeout)
    {
        try
        {
            await _process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(timeout, TestContext.Current.CancellationToken);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"The service still runs after {timeout}.\n{Transcript}");
        }

        return _process.ExitCode;
    }

    /// <summary>The most memory that the process has had at once, in bytes.</summary>
    public long PeakMemoryBytes()
    {
        var line = File.ReadLines($"/proc/{_process.Id}/status").Single(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        return long.Parse(line.AsSpan("VmHWM:".Length, line.Length - "VmHWM:".Length - " kB".Length), NumberStyles.AllowLeadingWhite, CultureInfo.InvariantCulture) * 1024;
    }

    /// <summary>The sockets that the process has open now, listening ones included.</summary>
    public int OpenSockets() => Directory.EnumerateFileSystemEntries($"/proc/{_process.Id}/fd")
        .Count(file => new FileInfo(file).LinkTarget?.StartsWith("socket:", StringComparison.Ordinal) == true);

    /// <summary>Waits until the process has closed all sockets but these: it has noticed that their clients disconnected.</summary>
    public async Task WaitForOpenSocketsAsync(int count)
    {
        // Connections are accepted in the order in which they were made: when this one is answered, no earlier one still
        // waits to be accepted and is missing in the count.
        using (var last = await RawConnection.ConnectAsync(Address))
            await last.ExchangeAsync("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n");

        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        timeout.CancelAfter(TimeSpan.FromSeconds(10));
        while (OpenSockets() > count)
            await Task.Delay(10, timeout.Token);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync(CancellationToken.None);
        }

        _process.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    /// <summary>Waits for the address in the output, then for /readyz.</summary>
    public async Task WaitUntilReadyAsync()
    {
        await WaitUntilItListensAsync();
        await WaitUntilAsync(IsReadyAsync);
    }

    /// <summary>Waits for the line of the output that says where it serves: others may name other replicas.</summary>
    public async Task WaitUntilItListensAsync()
    {
        var line = await WaitForLineAsync(line => line.Contains(" serves ", StringComparison.Ordinal) && AddressPattern().IsMatch(line));
        Address = new Uri(AddressPattern().Match(line).Value);
    }

    /// <summary>Waits for a line of the output; fails at once when the process ends without it.</summary>
    public async Task<string> WaitForLineAsync(Func<string, bool> wanted)
    {
        using var timeout = NewTimeout();
        try
        {
            var line = Output.WaitForAsync(wanted, timeout.Token);
            if (await Task.WhenAny(line, _process.WaitForExitAsync(timeout.Token)) != line && !line.IsCompleted)
                throw new InvalidOperationException($"The service ended with code {_process.ExitCode}.\n{Transcript}");
            return await line;
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"The line did not come within {StartTimeout}.\n{Transcript}");
        }
    }

    /// <summary>Asks again and again until the answer is yes.</summary>
    public async Task WaitUntilAsync(Func<CancellationToken, Task<bool>> question)
    {
        using var timeout = NewTimeout();
        try
        {
            while (!await question(timeout.Token))
                await Task.Delay(20, timeout.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"It has not come to that after {StartTimeout}.\n{Transcript}");
        }
    }

    public async Task<bool> IsReadyAsync(CancellationToken cancellationToken)
    {
        using var response = await ReadinessClient.GetAsync(new Uri(Address, "/readyz"), cancellationToken);
        return response.StatusCode == HttpStatusCode.OK;
    }

    private static IEnumerable<(string Name, string Value)> Environment((string Name, string Value)[] settings) =>
        settings.Select(setting => (setting.Name.StartsWith("DOTNET_", StringComparison.Ordinal) ? setting.Name : "KvStore__" + setting.Name, setting.Value));

    private static CancellationTokenSource NewTimeout()
    {
        var timeout = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        timeout.CancelAfter(StartTimeout);
        return timeout;
    }

    private static bool IsOfTheService(string variable) =>
        variable.StartsWith("KvStore__", StringComparison.OrdinalIgnoreCase) || variable.StartsWith("ASPNETCORE_", StringComparison.OrdinalIgnoreCase);

    [GeneratedRegex(@"http://127\.0\.0\.1:[1-9]\d*")]
    private static partial Regex AddressPattern();
}
