using KvStore.Etcd;

namespace KvStore.Server;

/// <summary>How the settings say that etcd is reached.</summary>
internal static class EtcdConnection
{
    public static EtcdClientOptions OptionsOf(KvStoreOptions options) => new()
    {
        Endpoints = EtcdSettings.Endpoints(options.Etcd),
        UserName = Given(options.EtcdUser),
        PasswordFile = Given(options.EtcdPasswordFile),
        CaFile = Given(options.EtcdCaFile),
        CertificateFile = Given(options.EtcdCertificateFile),
        KeyFile = Given(options.EtcdKeyFile),
    };

    /// <summary>The id of an etcd cluster as etcd's own tools write it.</summary>
    public static string TextOf(ulong clusterId) => clusterId.ToString("x", CultureInfo.InvariantCulture);

    private static string? Given(string setting) => setting == KvStoreOptions.None ? null : setting;
}
