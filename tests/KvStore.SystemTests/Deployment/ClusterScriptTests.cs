using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace KvStore.SystemTests;

/// <summary>deploy/cluster/up.sh: everything that it says to try is tried.</summary>
[Trait("Needs", "packages")]
[Trait("Time", "any")]
public sealed class ClusterScriptTests
{
    [Fact]
    public async Task Suggestions_InTheirOrder_DoWhatTheySay()
    {
        await using var cluster = new LocalCluster();
        var suggestions = SuggestionsOf(await cluster.UpAsync());
        Assert.Equal(10, suggestions.Length);
        await using var shell = new Bash();
        await shell.RunAsync($"export TMPDIR={cluster.TemporaryDirectory}");
        var before = cluster.Processes();

        Assert.Equal("", await NextAsync("curl -X PUT "));
        Assert.Equal("world", await NextAsync("curl http"));
        Assert.StartsWith(": watching after revision 1", await NextAsync("curl -N ", through: "timeout 2"), StringComparison.Ordinal);
        var replicas = await NextAsync("curl http");
        Assert.All(["replica1", "replica2", "replica3", "etcd1", "etcd2", "etcd3"], name => Assert.Contains($"\"name\":\"{name}\"", replicas, StringComparison.Ordinal));
        Assert.Contains("\"quorum\":{\"healthy\":3,\"needed\":2,\"tolerates\":1}", replicas, StringComparison.Ordinal);
        Assert.Equal("", await NextAsync("kill -9 "));
        Assert.Equal("", await NextAsync("curl -X PUT "));
        Assert.Equal("", await NextAsync("kill -9 "));
        Assert.Equal("again", await NextAsync("curl http"));

        var killed = before.Where(process => !LocalCluster.IsAlive(process.Value)).Select(process => process.Key).Order().ToArray();
        Assert.Equal(2, killed.Length);
        Assert.StartsWith("etcd", killed[0], StringComparison.Ordinal);
        Assert.Equal("replica1", killed[1]);

        // It drains at first, and ends while the script waits.
        Signals.Send(before["replica2"], Signal.Terminate);
        killed = [.. killed, "replica2"];
        Assert.Contains("up.sh: ready.", await NextAsync(LocalCluster.Script), StringComparison.Ordinal);
        var after = cluster.Processes();
        Assert.Equal(killed, before.Where(process => after[process.Key] != process.Value).Select(process => process.Key).Order());
        Assert.All(after.Values, process => Assert.True(LocalCluster.IsAlive(process)));

        Assert.Equal("up.sh: ended: etcd1 etcd2 etcd3 replica1 replica2 replica3 haproxy", (await NextAsync(LocalCluster.Script)).Trim());
        Assert.All(after.Values, process => Assert.False(LocalCluster.IsAlive(process)));
        Assert.True(Directory.Exists(Path.Combine(cluster.FullName, "etcd1")));

        async Task<string> NextAsync(string start, string through = "")
        {
            var command = suggestions[0];
            suggestions = suggestions[1..];
            Assert.StartsWith(start, command, StringComparison.Ordinal);
            return (await shell.RunAsync($"{through} {command}")).Output;
        }
    }

    [Fact]
    public async Task Start_PortInUse_StartsNothing()
    {
        await using var cluster = new LocalCluster();
        using var other = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        other.Bind(new IPEndPoint(IPAddress.Loopback, cluster.Port + 2));
        other.Listen();

        var (code, _, errors) = await cluster.RunAsync(cluster.Options);

        Assert.Equal((1, $"up.sh: port {cluster.Port + 2}, for replica2, is in use by another program. Choose others with --port and --etcd-port.\n"), (code, errors));
        Assert.Empty(cluster.Processes());
    }

    // While the members elect a leader, and the replicas load.
    [Fact]
    public async Task Start_Interrupted_EndsWhatItStarted()
    {
        await using var cluster = new LocalCluster();
        using var script = Process.Start(new ProcessStartInfo("env", ["--default-signal=INT", LocalCluster.Script, .. cluster.Options])
        {
            Environment = { ["TMPDIR"] = cluster.TemporaryDirectory },
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        while (!File.Exists(Path.Combine(cluster.FullName, "etcd3.pid")) || new FileInfo(Path.Combine(cluster.FullName, "etcd3.pid")).Length == 0)
        {
            Assert.False(script.HasExited);
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }

        var started = cluster.Processes();
        Signals.Send(script.Id, Signal.Interrupt);
        await script.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(130, script.ExitCode);
        Assert.Contains("up.sh: ending what was started: etcd1 etcd2 etcd3", await script.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.All(started.Values, process => Assert.False(LocalCluster.IsAlive(process)));
        Assert.Empty(cluster.Processes());
    }

    [Theory]
    [InlineData("--prot", "is not an option")]
    [InlineData("--remove", "--remove goes with --down")]
    [InlineData("--port 0", "0 is not a port from 1 to 65000")]
    [InlineData("--down", "there is no cluster in ")]
    [InlineData("--program none", "there is no program none")]
    public async Task Options_NotAcceptable_SayWhy(string options, string reason)
    {
        await using var cluster = new LocalCluster();
        var (code, _, errors) = await cluster.RunAsync(options.Split(' '));
        Assert.Equal(1, code);
        Assert.Contains(reason, errors, StringComparison.Ordinal);
    }

    private static string[] SuggestionsOf(string output) =>
        [.. output.Split('\n').Where(line => line.StartsWith("  ", StringComparison.Ordinal)).Select(line => line[..line.IndexOf(" # ", StringComparison.Ordinal)].Trim())];
}
