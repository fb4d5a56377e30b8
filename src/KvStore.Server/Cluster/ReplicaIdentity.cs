using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace KvStore.Server;

/// <summary>Who this replica is. Thread-safe.</summary>
internal sealed class ReplicaIdentity(KvStoreOptions options, IConfiguration configuration, IServiceProvider services)
{
    /// <summary>Names the process: a replica that was restarted is another one.</summary>
    public string Id { get; } = Guid.NewGuid().ToString("N")[..16];

    /// <summary>What operators call it.</summary>
    public string Name => options.ReplicaName != KvStoreOptions.Auto ? options.ReplicaName : $"{Environment.MachineName}:{Address.Port}";

    /// <summary>Where other machines reach it. Until the web server listens, a port that the system chooses is 0.</summary>
    public string Url => options.ReplicaUrl != KvStoreOptions.Auto ? options.ReplicaUrl : Address.GetLeftPart(UriPartial.Authority);

    private Uri Address
    {
        get
        {
            var operations = AddressSettings.Operations(configuration);
            string[] bound = [.. services.GetService<IServer>()?.Features.Get<IServerAddressesFeature>()?.Addresses ?? []];
            foreach (var address in bound.Concat(AddressSettings.Configured(configuration)).Except(operations, StringComparer.OrdinalIgnoreCase))
            {
                if (!AddressSettings.TryParse(address, out var parsed) || parsed.IsUnixPipe || parsed.IsNamedPipe)
                    continue;
                var host = parsed.Host is "*" or "+" or "0.0.0.0" or "[::]" ? Environment.MachineName : parsed.Host;
                return new UriBuilder(parsed.Scheme, host, parsed.Port).Uri;
            }

            return new Uri(AddressSettings.Default);
        }
    }
}
