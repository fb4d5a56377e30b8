using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace KvStore.SystemTests;

/// <summary>The cluster of deploy/cluster/up.sh in a directory and on ports of its own. Disposing ends it and deletes its data.</summary>
internal sealed class LocalCluster : IAsyncDisposable
{
    public static readonly string Script = Path.Combine(Repository.Root, "deploy/cluster/up.sh");

    private static readonly TimeSpan ScriptTimeout = TimeSpan.FromMinutes(2);

    // What the default of the script leads to, so that a document can name it.
    private readonly string _temporary = Directory.CreateTempSubdirectory("kvstore-test-").FullName;

    /// <summary>HAProxy's port; the next three are those of the replicas.</summary>
    public int Port { get; } = FreePorts(4);

    /// <summary>The first of six ports of etcd.</summary>
    public int EtcdPort { get; } = FreePorts(6);

    public string FullName => Path.Combine(_temporary, "kvstore-cluster");

    public string TemporaryDirectory => _temporary;

    /// <summary>The options with which the script finds this cluster.</summary>
    public string[] Options => ["--program", Repository.Server[^1], "--port", Number(Port), "--etcd-port", Number(EtcdPort)];

    public async Task<string> UpAsync()
    {
        var (code, output, errors) = await RunAsync(Options);
        Assert.True(code == 0, output + errors);
        return output;
    }

    public Task<(int Code, string Output, string Errors)> RunAsync(params string[] arguments) =>
        ProgramRun.RunAsync(new ProcessStartInfo(Script, arguments) { Environment = { ["TMPDIR"] = _temporary } }, ScriptTimeout);

    /// <summary>The numbers of the processes that it says it has started, by name.</summary>
    public Dictionary<string, int> Processes() => Directory.GetFiles(FullName, "*.pid").ToDictionary(
        file => Path.GetFileNameWithoutExtension(file), file => int.Parse(File.ReadAllText(file).Split(' ')[0], CultureInfo.InvariantCulture));

    public static bool IsAlive(int process) => Path.Exists($"/proc/{process}") && !File.ReadAllText($"/proc/{process}/stat").Contains(") Z ", StringComparison.Ordinal);

    public async ValueTask DisposeAsync()
    {
        if (File.Exists(Path.Combine(FullName, "ports")))
            await ProgramRun.RunAsync(new ProcessStartInfo(Script, ["--down", "--remove"]) { Environment = { ["TMPDIR"] = _temporary } }, ScriptTimeout);
        Directory.Delete(_temporary, recursive: true);
    }

    // Below those that the system gives to outgoing connections.
    private static int FreePorts(int count)
    {
        while (true)
        {
            var first = Random.Shared.Next(10_000, 32_000);
            if (Enumerable.Range(first, count).All(IsFree))
                return first;
        }
    }

    private static bool IsFree(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static string Number(int port) => port.ToString(CultureInfo.InvariantCulture);
}
