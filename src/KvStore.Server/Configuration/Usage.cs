namespace KvStore.Server;

/// <summary>The text of <c>--help</c>.</summary>
internal static class Usage
{
    /// <summary>Every setting of the section, with its default.</summary>
    public static IReadOnlyList<Setting> Settings()
    {
        var reader = new SettingsReader(new ConfigurationRoot([]).GetSection(KvStoreOptions.Section), []);
        _ = new KvStoreOptions(reader);
        return reader.Settings;
    }

    public static string Text()
    {
        var text = new StringBuilder($"""
            KvStore {ServiceVersion.Text}: a linearizable key-value store over HTTP.

            KvStore.Server [SWITCHES]               run the service
            KvStore.Server healthcheck [SWITCHES]   check whether it is ready: exit code 0 or 1
            KvStore.Server verify [SWITCHES]        check a data directory that no service uses: 0 or 4
            KvStore.Server repair [SWITCHES]        make a damaged data directory usable; copy it first
            KvStore.Server new-store-id [SWITCHES]  give a copy of a data directory an id of its own
            KvStore.Server keys COMMAND             make, list, verify and remove keys: see keys --help

              --urls URL[;URL]      where to listen; default {AddressSettings.Default}
              --operations-urls URL where to answer health checks and metrics whatever clients do
              --keys FILE           the file of the keys that requests need
              --data DIR            the directory of the data; default {KvStoreOptions.DataDefault}
              --engine NAME         disk, memory or etcd; default {KvStoreOptions.DiskEngine}
              --etcd URL[,URL]      the members of etcd, for the engine etcd
              --KvStore:NAME VALUE  any setting below
              --version, --help     print the version, or this text

            A setting comes from appsettings.json beside the program, from the environment (KvStore__NAME),
            or from the command line; the later overrides the earlier. Sizes are bytes, or such as 64KiB or
            1MB; durations are such as 500ms, 30s, 1h30m or 00:00:30. Addresses also come from
            ASPNETCORE_URLS and ASPNETCORE_HTTP_PORTS, and log levels from Serilog:MinimumLevel:Default.

            Exit codes: 0 stopped as asked, 1 cannot start, 2 settings not acceptable, 3 the store failed,
            4 the data cannot be used.

            """);

        var defaults = Settings().ToDictionary(setting => setting.Name, setting => setting.Default, StringComparer.Ordinal);
        foreach (var (title, settings) in SettingGroups.All)
        {
            text.Append(CultureInfo.InvariantCulture, $"\n{title}\n");
            foreach (var (name, meaning) in settings)
                text.Append(CultureInfo.InvariantCulture, $"  {name,-27}  {defaults[name],-9}  {meaning}\n");
        }

        text.Append(CultureInfo.InvariantCulture, $"\nEach origin: KvStore:{OriginSettings.Section}:NAME:..., for keys that load from a service (/docs/origins)\n");
        foreach (var (name, fallback, _) in OriginSettings.Describe())
            text.Append(CultureInfo.InvariantCulture, $"  {name,-27}  {fallback,-9}  {SettingGroups.OfOrigins[name]}\n");
        text.Append(CultureInfo.InvariantCulture, $"\nEach region: KvStore:{RegionSettings.Section}:NAME:..., for stores that exchange mergeable values (/docs/regions)\n");
        foreach (var (name, fallback, _) in RegionSettings.Describe())
            text.Append(CultureInfo.InvariantCulture, $"  {name,-27}  {fallback,-9}  {SettingGroups.OfRegions[name]}\n");
        return text.ToString();
    }
}
