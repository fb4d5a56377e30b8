using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace KvStore.SystemTests;

/// <summary>
/// Hosts with addresses of their own on this machine: network namespaces, joined by a bridge in one more. Packets from one to another can be dropped, as by a cable
/// that is cut, which neither end notices. Only root can make it.
/// </summary>
internal sealed class PrivateNetwork : IDisposable
{
    private static int _count;

    private readonly string _name = string.Create(CultureInfo.InvariantCulture, $"kv{Environment.ProcessId}x{Interlocked.Increment(ref _count)}");
    private readonly HashSet<(int From, int To)> _cuts = [];

    private PrivateNetwork(int hosts, string subnet) =>
        Hosts = [.. Enumerable.Range(0, hosts).Select(host => new ProcessHost($"{subnet}.{host + 2}", "ip", "netns", "exec", NameOf(host)))];

    public IReadOnlyList<ProcessHost> Hosts { get; }

    private string Hub => $"{_name}-hub";

    /// <summary>Makes it; null where this process may not.</summary>
    public static PrivateNetwork? TryCreate(int hosts)
    {
        if (!Environment.IsPrivilegedProcess)
            return null;
        var subnet = $"10.{Random.Shared.Next(200, 250)}.{Random.Shared.Next(1, 250)}";
        var network = new PrivateNetwork(hosts, subnet);
        try
        {
            network.Create(subnet);
            return network;
        }
        catch (Exception exception) when (exception is InvalidOperationException or Win32Exception)
        {
            // A container without the right to, or without the program.
            TestContext.Current.TestOutputHelper?.WriteLine($"No network that can be cut: {exception.Message}");
            network.Dispose();
            return null;
        }
    }

    /// <summary>Drops what one host sends to another.</summary>
    public void Cut(int from, int to)
    {
        if (_cuts.Add((from, to)))
            Ip("-n", NameOf(from), "route", "add", "blackhole", $"{Hosts[to].Address}/32");
    }

    /// <summary>Drops what either sends to the other.</summary>
    public void CutBoth(int one, int other)
    {
        Cut(one, other);
        Cut(other, one);
    }

    /// <summary>Delivers again what either sends to the other.</summary>
    public void Mend(int one, int other)
    {
        foreach (var (from, to) in new[] { (one, other), (other, one) })
        {
            if (_cuts.Remove((from, to)))
                Ip("-n", NameOf(from), "route", "del", "blackhole", $"{Hosts[to].Address}/32");
        }
    }

    public void Dispose()
    {
        // With a namespace its interfaces end, and their other ends.
        foreach (var name in Enumerable.Range(0, Hosts.Count).Select(NameOf).Append(Hub))
        {
            if (File.Exists($"/run/netns/{name}"))
                Ip("netns", "del", name);
        }
    }

    private void Create(string subnet)
    {
        Ip("netns", "add", Hub);
        Ip("-n", Hub, "link", "add", "name", "bridge0", "type", "bridge");
        Ip("-n", Hub, "link", "set", "dev", "bridge0", "up");
        Ip("link", "add", "name", _name, "type", "veth", "peer", "name", "uplink", "netns", Hub);
        Ip("-n", Hub, "link", "set", "dev", "uplink", "master", "bridge0", "up");
        Ip("addr", "add", $"{subnet}.1/24", "dev", _name);
        Ip("link", "set", "dev", _name, "up");
        for (var host = 0; host < Hosts.Count; host++)
        {
            var name = NameOf(host);
            Ip("netns", "add", name);
            Ip("-n", name, "link", "add", "name", "eth0", "type", "veth", "peer", "name", $"port{host}", "netns", Hub);
            Ip("-n", Hub, "link", "set", "dev", $"port{host}", "master", "bridge0", "up");
            Ip("-n", name, "addr", "add", $"{Hosts[host].Address}/24", "dev", "eth0");
            Ip("-n", name, "link", "set", "dev", "eth0", "up");
            Ip("-n", name, "link", "set", "dev", "lo", "up");
        }
    }

    private static void Ip(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("ip", arguments) { RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"ip {string.Join(' ', arguments)}: {error}");
    }

    private string NameOf(int host) => $"{_name}-{host}";
}
