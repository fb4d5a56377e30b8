using System.Net;

namespace KvStore.Server;

/// <summary>
/// The hosts by which clients may address the service: localhost, the loopback addresses, those of the configured addresses, and
/// <see cref="KvStoreOptions.AllowedHosts"/>. Thread-safe.
/// </summary>
/// <remarks>
/// A browser takes a page for one of this service if its host is the same, and the owner of any name can let it lead here (DNS rebinding):
/// only the Host header tells. An IP address is no name, so a service that listens on all addresses admits any of them.
/// </remarks>
internal sealed class AllowedHosts
{
    /// <summary>The setting that admits every host.</summary>
    public const string Any = "*";

    /// <summary>What the setting may be.</summary>
    public const string Form = "hosts such as kv.example.com or *.example.com, without ports, separated by semicolons, * for any, or none";

    private const string Subdomains = "*.";

    private readonly bool _any;
    private readonly bool _anyAddress;
    private readonly HashSet<IPAddress> _addresses = [IPAddress.Loopback, IPAddress.IPv6Loopback];
    private readonly List<string> _names = ["localhost"];

    // The last host that was admitted. Nearly all requests have the same one. A race writes one of them.
    private string? _last;

    /// <param name="setting">The value of <see cref="KvStoreOptions.AllowedHosts"/>.</param>
    /// <param name="listening">The addresses that the service listens on.</param>
    public AllowedHosts(string setting, IEnumerable<string> listening)
    {
        var allowed = AddressSettings.List(setting);
        _any = allowed.Contains(Any);
        var hosts = listening.Select(url => AddressSettings.TryParse(url, out var address) && !address.IsUnixPipe && !address.IsNamedPipe ? address.Host : "localhost").ToArray();
        foreach (var host in allowed.Concat(hosts))
        {
            if (TryParse(host, out var address))
                _addresses.Add(address);
            else
                _names.Add(host);
        }

        // The web server listens on every address for a name, too, as it does for a wildcard.
        _anyAddress = Array.Exists(hosts, host => AddressSettings.HostsOf(host) is not [var first, ..] || first.Equals(IPAddress.Any) || first.Equals(IPAddress.IPv6Any));
    }

    /// <summary>Whether a part of the setting is a host, without a port.</summary>
    public static bool IsHost(string text) => text == Any || TryParse(text, out _) ||
        Uri.CheckHostName(text.StartsWith(Subdomains, StringComparison.Ordinal) ? text[Subdomains.Length..] : text) == UriHostNameType.Dns;

    /// <summary>Whether a request with this Host header is for this service. One without (HTTP/1.0) is not from a browser.</summary>
    public bool Admit(string? host)
    {
        if (string.IsNullOrEmpty(host) || string.Equals(host, _last, StringComparison.Ordinal))
            return true;
        if (!_any && !Contains(WithoutPort(host)))
            return false;
        _last = host;
        return true;
    }

    private bool Contains(ReadOnlySpan<char> host)
    {
        if ((host[0] == '[' || char.IsAsciiDigit(host[0])) && TryParse(host, out var address))
            return _anyAddress || _addresses.Contains(address);
        foreach (var name in _names)
        {
            if (name.StartsWith(Subdomains, StringComparison.Ordinal)
                ? host.Length >= name.Length && host.EndsWith(name.AsSpan(1), StringComparison.OrdinalIgnoreCase)
                : host.Equals(name, StringComparison.OrdinalIgnoreCase))
                return true;
        }

        return false;
    }

    private static ReadOnlySpan<char> WithoutPort(ReadOnlySpan<char> host)
    {
        var colon = host.LastIndexOf(':');
        return colon > 0 && colon > host.LastIndexOf(']') ? host[..colon] : host;
    }

    private static bool TryParse(ReadOnlySpan<char> host, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out IPAddress? address) =>
        IPAddress.TryParse(host.TrimStart('[').TrimEnd(']'), out address);
}
