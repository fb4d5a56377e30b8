using System.Net;

namespace KvStore.Server;

/// <summary>What the settings about proxies may be.</summary>
internal static class ProxySettings
{
    /// <summary>The path base of a service at the root of its host.</summary>
    public const string Root = "/";

    public const string PathBaseForm = "a path such as /kv, of letters, digits and -._~ between slashes, without a slash at its end; / is the root";

    public const string TrustedProxiesForm = "IP addresses and networks such as 10.0.0.5 or 10.1.0.0/16, separated by semicolons, or none";

    private static readonly SearchValues<char> PathCharacters = SearchValues.Create("/-._~abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");

    /// <summary>Whether a path looks the same in every encoding, so that what clients send can be compared as it is.</summary>
    public static bool IsPathBase(string path) => path == Root ||
        (path.StartsWith('/') && !path.AsSpan().ContainsAnyExcept(PathCharacters) && path[1..].Split('/').All(segment => segment is not ("" or "." or "..")));

    /// <summary>The networks of trusted proxies; an address is a network of one.</summary>
    public static bool TryParseNetworks(string setting, out List<IPNetwork> networks)
    {
        networks = [];
        if (setting.Equals(KvStoreOptions.None, StringComparison.OrdinalIgnoreCase))
            return true;
        foreach (var part in setting.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (IPAddress.TryParse(part, out var address))
                networks.Add(new IPNetwork(address, address.GetAddressBytes().Length * 8));
            else if (IPNetwork.TryParse(part, out var network))
                networks.Add(network);
            else
                return false;
        }

        return networks.Count > 0;
    }
}
