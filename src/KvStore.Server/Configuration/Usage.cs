using System.Text;
using Microsoft.Extensions.Configuration.Memory;

namespace KvStore.Server;

/// <summary>The text of <c>--help</c>.</summary>
internal static class Usage
{
    /// <summary>The text, with every setting as the reader of settings knows it.</summary>
    public static string Text()
    {
        var text = new StringBuilder($"""
            KvStore {ServiceVersion.Text}: a linearizable key-value store over HTTP.

            KvStore.Server [SWITCHES]              runs the service
            KvStore.Server healthcheck [SWITCHES]  asks the service at these addresses whether it is ready: exit code 0 or 1
            KvStore.Server verify [SWITCHES]       reads all of a data directory that no service uses: exit code 0 or 4
            KvStore.Server repair [SWITCHES]       makes a damaged data directory usable; copy it before

              --engine NAME          what keeps the entries: disk or memory
              --data DIR             the directory of the disk engine's files; ./data when nothing says otherwise
              --urls URL[;URL]       where to listen; {AddressSettings.Default} when nothing says otherwise
              --KvStore:NAME VALUE   any setting below
              --version              says which version this is
              --help                 says this

            A setting comes from appsettings.json beside the program, from the environment (KvStore__NAME), or from the
            command line; the later stands above the earlier. Durations are hh:mm:ss. Listening follows ASP.NET Core
            (ASPNETCORE_URLS, ASPNETCORE_HTTP_PORTS, the section Kestrel). Log levels are Serilog:MinimumLevel:Default and, for
            one source, Serilog:MinimumLevel:Override:SOURCE: Verbose, Debug, Information, Warning, Error or Fatal.

            Exit codes: 0 stopped as asked, 1 cannot start, 2 settings not acceptable, 3 the store failed, 4 the data cannot be used.


            """);

        var reader = new SettingsReader(new ConfigurationRoot([new MemoryConfigurationProvider(new MemoryConfigurationSource())]).GetSection(KvStoreOptions.Section), []);
        KvStoreSettings.Read(reader);
        foreach (var setting in reader.Settings)
            text.AppendLine(null, $"  {setting.Name,-22} default {setting.Default}; {setting.Allowed}");
        return text.ToString();
    }
}
