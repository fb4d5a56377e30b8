using System.Net;

namespace KvStore.Server;

/// <summary>Which of the addresses that the web server binds are those of the operators' listener. Immutable.</summary>
internal sealed class OperationsEndPoints
{
    private readonly HashSet<EndPoint> _all;

    public OperationsEndPoints(IConfiguration configuration) => _all =
    [
        .. from url in AddressSettings.Operations(configuration)
           let address = BindingAddress.Parse(url)
           from host in AddressSettings.HostsOf(address.Host)
           select new IPEndPoint(host, address.Port),
    ];

    /// <summary>Whether there is such a listener.</summary>
    public bool Any => _all.Count > 0;

    /// <summary>Whether another machine can reach it.</summary>
    public bool AreReachable => _all.OfType<IPEndPoint>().Any(endpoint => !IPAddress.IsLoopback(endpoint.Address));

    public bool Contains(EndPoint endpoint) => _all.Contains(endpoint);
}
