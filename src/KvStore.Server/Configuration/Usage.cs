namespace KvStore.Server;

/// <summary>The text of <c>--help</c>.</summary>
internal static class Usage
{
    public static string Text()
    {
        var text = new StringBuilder($"""
            KvStore {ServiceVersion.Text}: a linearizable key-value store over HTTP.

            KvStore.Server [SWITCHES]              run the service
            KvStore.Server healthcheck [SWITCHES]  check whether the service at these addresses is ready: exit code 0 or 1
            KvStore.Server verify [SWITCHES]       read all of a data directory that no service uses: exit code 0 or 4
            KvStore.Server repair [SWITCHES]       make a damaged data directory usable; copy it first
            KvStore.Server new-store-id [SWITCHES] tell a copy of a data directory from its original, if both are used

              --engine NAME          what keeps the entries: disk or memory
              --data DIR             the directory of the disk engine's files; default {KvStoreOptions.DataDefault}
              --urls URL[;URL]       where to listen; default {AddressSettings.Default}
              --KvStore:NAME VALUE   any setting below
              --version              print the version
              --help                 print this text

            A setting comes from appsettings.json beside the program, from the environment (KvStore__NAME), or from the
            command line; the later overrides the earlier. Durations are hh:mm:ss. Addresses follow ASP.NET Core
            (ASPNETCORE_URLS, ASPNETCORE_HTTP_PORTS, the section Kestrel). Log levels are Serilog:MinimumLevel:Default and, for
            one source, Serilog:MinimumLevel:Override:SOURCE: Verbose, Debug, Information, Warning, Error or Fatal.

            Exit codes: 0 stopped as asked, 1 cannot start, 2 settings not acceptable, 3 the store failed, 4 the data cannot be used.


            """);

        var reader = new SettingsReader(new ConfigurationRoot([]).GetSection(KvStoreOptions.Section), []);
        _ = new KvStoreOptions(reader);
        foreach (var setting in reader.Settings)
            text.AppendLine(null, $"  {setting.Name,-22} default {setting.Default}; {setting.Allowed}");
        return text.ToString();
    }
}
