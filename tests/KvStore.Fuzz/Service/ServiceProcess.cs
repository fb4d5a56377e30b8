using System.Diagnostics;
using System.Net;
using System.Text.RegularExpressions;

namespace KvStore.Fuzz;

/// <summary>
/// The service under attack: a process of its own with the disk engine in a temporary directory, or one that runs already. Disposing
/// kills a process that was started here.
/// </summary>
internal sealed partial class ServiceProcess : IAsyncDisposable
{
    private const int LinesKept = 200;
    private static readonly TimeSpan StartMax = TimeSpan.FromSeconds(60);

    private readonly Process? _process;
    private readonly string? _directory;
    private readonly TaskCompletionSource<IPEndPoint> _address = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Queue<string> _lines = new();
    private long _outputBytes;
    private long _severeLines;

    private ServiceProcess(Process? process, int? id, string? directory, IPEndPoint? endPoint)
    {
        (_process, Id, _directory) = (process, id, directory);
        if (endPoint is not null)
            _address.SetResult(endPoint);
    }

    /// <summary>Null if the process is not known: its memory cannot be watched then.</summary>
    public int? Id { get; }

    public IPEndPoint EndPoint => _address.Task.Result;

    public bool HasExited => _process?.HasExited ?? (Id is { } id && !Directory.Exists($"/proc/{id}"));

    public int? ExitCode => _process is { HasExited: true } process ? process.ExitCode : null;

    /// <summary>Bytes of the service's log, which is its output.</summary>
    public long OutputBytes => Interlocked.Read(ref _outputBytes);

    /// <summary>Lines of the log at the levels that operators alert on, and of unhandled exceptions.</summary>
    public long SevereLines => Interlocked.Read(ref _severeLines);

    /// <summary>The newest severe line.</summary>
    public string? SevereLine { get; private set; }

    /// <summary>The newest lines of the log, the severe ones among them.</summary>
    public string Transcript
    {
        get
        {
            lock (_lines)
                return string.Join('\n', _lines);
        }
    }

    /// <summary>A service that runs already.</summary>
    public static ServiceProcess Attach(Uri address, int? id) => new(null, id, null, new IPEndPoint(IPAddress.Parse(address.Host == "localhost" ? "127.0.0.1" : address.Host), address.Port));

    /// <summary>Starts a service and waits until it is ready.</summary>
    public static async Task<ServiceProcess> StartAsync(ServiceStart start)
    {
        var directory = Directory.CreateTempSubdirectory("kvstore-fuzz-").FullName;
        var info = new ProcessStartInfo("sh", ["-c", start.DescriptorsMax is { } descriptors ? $"ulimit -n {descriptors}; exec \"$@\"" : "exec \"$@\"", "sh",
            .. start.Program, "--urls", "http://127.0.0.1:0", "--data", Path.Combine(directory, "data")])
        {
            WorkingDirectory = directory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var name in info.Environment.Keys.Where(name => name.StartsWith("KvStore__", StringComparison.OrdinalIgnoreCase) || name.StartsWith("ASPNETCORE_", StringComparison.Ordinal)).ToArray())
            info.Environment.Remove(name);

        // Without 0x, which the native program would take for no limit.
        info.Environment["DOTNET_GCHeapHardLimit"] = $"{start.HeapBytesMax:x}";
        foreach (var (name, value) in start.Settings)
            info.Environment["KvStore__" + name] = value;

        var process = Process.Start(info) ?? throw new InvalidOperationException("The service was not started.");
        var service = new ServiceProcess(process, process.Id, directory, null);
        process.OutputDataReceived += (_, line) => service.Keep(line.Data);
        process.ErrorDataReceived += (_, line) => service.Keep(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        try
        {
            if (await Task.WhenAny(service._address.Task, process.WaitForExitAsync()).WaitAsync(StartMax) != service._address.Task)
                throw new InvalidOperationException($"The service ended with code {process.ExitCode}.\n{service.Transcript}");
            await service.WaitUntilReadyAsync();
            return service;
        }
        catch
        {
            await service.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is null)
            return;
        if (!_process.HasExited)
            _process.Kill();
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
        Directory.Delete(_directory!, recursive: true);
    }

    private async Task WaitUntilReadyAsync()
    {
        using var timeout = new CancellationTokenSource(StartMax);
        while (true)
        {
            using var connection = await WireConnection.OpenAsync(EndPoint, cancellationToken: timeout.Token);
            if ((await connection.ExchangeAsync("GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n", timeout.Token)).IsSuccess)
                return;
            await Task.Delay(20, timeout.Token);
        }
    }

    private void Keep(string? line)
    {
        if (line is null)
            return;
        Interlocked.Add(ref _outputBytes, line.Length + 1);
        if (SeverePattern().IsMatch(line))
        {
            Interlocked.Increment(ref _severeLines);
            SevereLine = line;
        }

        lock (_lines)
        {
            if (_lines.Count == LinesKept)
                _lines.Dequeue();
            _lines.Enqueue(line);
        }

        if (!_address.Task.IsCompleted && AddressPattern().Match(line) is { Success: true } match)
            _address.TrySetResult(new IPEndPoint(IPAddress.Loopback, new Uri(match.Value).Port));
    }

    [GeneratedRegex(@"http://127\.0\.0\.1:[1-9]\d*")]
    private static partial Regex AddressPattern();

    [GeneratedRegex("\"level\":\"(Fatal|Error)\"|[Uu]nhandled exception|Out of memory")]
    private static partial Regex SeverePattern();
}
