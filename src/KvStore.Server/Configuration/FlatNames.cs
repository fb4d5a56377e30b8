using System.Collections;

namespace KvStore.Server;

/// <summary>
/// Environment variables that look like settings and are none, such as <c>KVSTORE_DATA</c>: .NET reads <c>KvStore__Data</c>, and would
/// pass them over in silence.
/// </summary>
/// <remarks>
/// Only names that spell a setting count. Others belong to other programs: <c>KVSTORE_URL</c> is for clients, and Kubernetes sets
/// <c>KVSTORE_SERVICE_HOST</c> and <c>KVSTORE_PORT=tcp://...</c> beside a service that is called kvstore.
/// </remarks>
internal static class FlatNames
{
    private const string Prefix = KvStoreOptions.Section + "_";

    private const string Separator = "__";

    /// <summary>The problem of each such variable, a sentence that has the right name.</summary>
    public static IEnumerable<string> Check(IDictionary environment)
    {
        var settings = Usage.Settings().ToDictionary(setting => setting.Name, setting => setting.Name, StringComparer.OrdinalIgnoreCase);
        foreach (var name in environment.Keys.OfType<string>().Order(StringComparer.Ordinal))
        {
            if (!name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) || name.Contains(Separator, StringComparison.Ordinal))
                continue;
            var value = environment[name] as string ?? "";
            var spelt = name[Prefix.Length..].Replace("_", "", StringComparison.Ordinal);
            if (settings.TryGetValue(spelt, out var setting))
                yield return $"{name} is not a setting. Is {KvStoreOptions.Section}{Separator}{setting} meant?";
            else if (spelt.Equals("urls", StringComparison.OrdinalIgnoreCase) || (spelt.Equals("port", StringComparison.OrdinalIgnoreCase) && ushort.TryParse(value, out _)))
                yield return $"{name} is not a setting. Is ASPNETCORE_URLS meant, such as ASPNETCORE_URLS={AddressSettings.Default}?";
        }
    }
}
