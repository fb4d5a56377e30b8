namespace KvStore.Server;

/// <summary>What the settings of the engine etcd may be, and whether they fit together.</summary>
internal static class EtcdSettings
{
    /// <summary>What <see cref="KvStoreOptions.ReplicaUrl"/> may be.</summary>
    public const string ReplicaUrlForm = "an address such as http://kv-0.example.com:8080, or auto";

    /// <summary>What <see cref="KvStoreOptions.Join"/> may be.</summary>
    public const string JoinForm = "the address of a replica, such as http://kv-0.example.com:8080, or none";

    /// <summary>What <see cref="KvStoreOptions.Etcd"/> may be.</summary>
    public const string EndpointsForm = "URLs of etcd's members such as http://10.0.0.1:2379, separated by commas, or none";

    /// <summary>What <see cref="KvStoreOptions.EtcdPrefix"/> may be.</summary>
    public const string PrefixForm = "a text that ends with a slash, such as kvstore/";

    /// <summary>Whether the engine is etcd, by settings that are not checked yet.</summary>
    public static bool IsEngine(IConfiguration configuration) =>
        KvStoreOptions.EtcdEngine.Equals(configuration[$"{KvStoreOptions.Section}:{nameof(KvStoreOptions.Engine)}"]?.Trim(), StringComparison.OrdinalIgnoreCase);

    /// <summary>The members' addresses; none if one of them is no such address.</summary>
    public static IReadOnlyList<Uri> Endpoints(string text)
    {
        List<Uri> endpoints = [];
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            if (!Uri.TryCreate(part, UriKind.Absolute, out var endpoint) || endpoint.Scheme is not ("http" or "https") || endpoint.PathAndQuery != "/" || endpoint.UserInfo.Length > 0)
                return [];
            endpoints.Add(endpoint);
        }

        return endpoints;
    }

    public static void Check(KvStoreOptions options, SettingsReader reader)
    {
        if (options.Engine != KvStoreOptions.EtcdEngine)
        {
            if (options.Etcd != KvStoreOptions.None)
                reader.Reject("Etcd", $"omitted, or given with KvStore:Engine {KvStoreOptions.EtcdEngine}", options.Etcd);
            return;
        }

        var endpoints = Endpoints(options.Etcd);
        if (endpoints.Count == 0)
            reader.Reject("Etcd", options.Etcd == KvStoreOptions.None ? $"given with KvStore:Engine {KvStoreOptions.EtcdEngine}: {EndpointsForm}" : EndpointsForm, options.Etcd);
        if (!options.EtcdPrefix.EndsWith('/') || options.EtcdPrefix == "/")
            reader.Reject("EtcdPrefix", PrefixForm, options.EtcdPrefix);
        if ((options.EtcdUser != KvStoreOptions.None) != (options.EtcdPasswordFile != KvStoreOptions.None))
            reader.Reject("EtcdPasswordFile", "given with KvStore:EtcdUser, and only then", options.EtcdPasswordFile);
        if ((options.EtcdCertificateFile != KvStoreOptions.None) != (options.EtcdKeyFile != KvStoreOptions.None))
            reader.Reject("EtcdKeyFile", "given with KvStore:EtcdCertificateFile, and only then", options.EtcdKeyFile);
        if (endpoints.FirstOrDefault(endpoint => endpoint.Scheme == Uri.UriSchemeHttp) is { } plain && (options.EtcdCaFile != KvStoreOptions.None || options.EtcdCertificateFile != KvStoreOptions.None))
            reader.Reject("Etcd", "addresses of https with KvStore:EtcdCaFile or KvStore:EtcdCertificateFile, which http has no use for", plain);
        foreach (var (name, file) in ((string, string)[])[("EtcdPasswordFile", options.EtcdPasswordFile), ("EtcdCaFile", options.EtcdCaFile), ("EtcdCertificateFile", options.EtcdCertificateFile), ("EtcdKeyFile", options.EtcdKeyFile)])
        {
            if (file != KvStoreOptions.None && !File.Exists(file))
                reader.Reject(name, "a file that exists, or none", file);
        }
    }
}
