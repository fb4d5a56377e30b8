using System.Net;

namespace KvStore.Server;

/// <summary>
/// A service whose requests need no key listens on loopback only, unless a setting says that everyone may use it: one that was opened to a network
/// without a thought of that would be found by those who scan it.
/// </summary>
internal static class ProtectedMode
{
    /// <exception cref="InvalidSettingsException">Other machines could reach a service whose requests need no key.</exception>
    public static void Check(IConfiguration configuration, KvStoreOptions options)
    {
        if (options.AllowAnonymous || AccessPipeline.IsConfigured(configuration))
            return;
        var open = AddressSettings.Configured(configuration).Where(IsReachable).ToArray();
        if (open.Length > 0)
        {
            throw new InvalidSettingsException([
                $"{string.Join(" and ", open)} can be reached from other machines, and requests need no key: everyone could read and change everything. Do one of these:",
                "  make a key (keys new --name admin --rights read,write,delete,admin --file keys.json) and start with --keys keys.json;",
                "  set KvStore:AllowAnonymous=true, if everyone who reaches the service may do everything;",
                $"  listen on this machine only, as with --urls {AddressSettings.Default}.",
            ]);
        }
    }

    /// <summary>Whether requests need no key and no proxy is expected, so that one that came through a proxy is refused: the proxy may be open to everybody.</summary>
    public static bool RejectsForwarded(IConfiguration configuration) =>
        !AccessPipeline.IsConfigured(configuration) && !KvStoreSettings.IsGiven(configuration, nameof(KvStoreOptions.TrustedProxies));

    private static bool IsReachable(string url) => AddressSettings.TryParse(url, out var address) && !address.IsUnixPipe && !address.IsNamedPipe
        && !(AddressSettings.HostsOf(address.Host) is { Length: > 0 } hosts && Array.TrueForAll(hosts, IPAddress.IsLoopback));
}
