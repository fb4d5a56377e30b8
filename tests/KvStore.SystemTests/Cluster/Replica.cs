using System.Net;

namespace KvStore.SystemTests;

/// <summary>A replica of a cluster, as a process that can be killed, paused and started again at the same address.</summary>
internal sealed class Replica(string name, ProcessHost host, int port, string[] arguments, (string Name, string Value)[] settings) : IAsyncDisposable
{
    private static readonly HttpClient ReadinessClient = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(2) };

    private readonly List<OutputLines> _outputs = [];
    private ServerProcess? _server;
    private bool _isRunning;

    public string Name => name;

    public int Port => port;

    public Uri Address { get; } = new($"http://{host.Address}:{port}");

    public IPEndPoint EndPoint { get; } = new(IPAddress.Parse(host.Address), port);

    public bool IsPaused { get; private set; }

    /// <summary>The process that runs, or ran last.</summary>
    public ServerProcess Process => _server ?? throw new InvalidOperationException($"{name} has not been started.");

    /// <summary>What it has printed since its last start.</summary>
    public string Transcript => $"{name}:\n{Process.Transcript}";

    /// <summary>The lines with a text that it has printed, in all its starts.</summary>
    public IEnumerable<string> LinesWith(string text) => _outputs.SelectMany(output => output.ToArray()).Where(line => line.Contains(text, StringComparison.OrdinalIgnoreCase));

    /// <summary>Starts the process and returns at once.</summary>
    public void Launch()
    {
        _server = ServerProcess.Launch(
            ["--urls", Address.ToString(), .. arguments],
            settings.Select(setting => (setting.Name.StartsWith("DOTNET_", StringComparison.Ordinal) ? setting.Name : "KvStore__" + setting.Name, setting.Value)),
            host.Through);
        _server.Address = Address;
        _outputs.Add(_server.Output);
        _isRunning = true;
    }

    /// <summary>Waits until it is ready; fails at once if it ends instead.</summary>
    public async Task WhenReadyAsync()
    {
        var ended = Process.WaitForExitAsync(Timeout.InfiniteTimeSpan);
        await Process.WaitUntilAsync(async cancellationToken => ended.IsCompleted
            ? throw new InvalidOperationException($"It ended with code {await ended}. {Transcript}")
            : await IsReadyAsync(cancellationToken));
    }

    public async Task<bool> IsReadyAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var response = await ReadinessClient.GetAsync(new Uri(Address, "/readyz"), cancellationToken);
            return response.StatusCode == HttpStatusCode.OK;
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <summary>Kills the process (-9).</summary>
    public async Task KillAsync()
    {
        _isRunning = IsPaused = false;
        await Process.DisposeAsync();
    }

    /// <summary>Stops it regularly (SIGTERM), and asserts that it ends as it should.</summary>
    public async Task TerminateAsync()
    {
        Process.Send(Signal.Terminate);
        var code = await Process.WaitForExitAsync(ServerProcess.StartTimeout);
        Assert.True(code == 0, $"It ended with code {code}. {Transcript}");
        await KillAsync();
    }

    public async Task RestartAsync()
    {
        Launch();
        await WhenReadyAsync();
    }

    /// <summary>Stops it from running (SIGSTOP): its connections stay open, and nothing answers.</summary>
    public void Pause()
    {
        Process.Send(Signal.Stop);
        IsPaused = true;
    }

    public void Resume()
    {
        Process.Send(Signal.Continue);
        IsPaused = false;
    }

    /// <summary>The memory that the process has now, in bytes.</summary>
    public long ResidentBytes()
    {
        var line = File.ReadLines($"/proc/{Process.Id}/status").Single(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return long.Parse(line.AsSpan(6).Trim()[..^2], System.Globalization.NumberStyles.AllowTrailingWhite, System.Globalization.CultureInfo.InvariantCulture) * 1024;
    }

    public async ValueTask DisposeAsync()
    {
        if (_isRunning)
            await KillAsync();
    }
}
