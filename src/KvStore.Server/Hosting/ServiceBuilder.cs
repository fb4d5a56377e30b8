namespace KvStore.Server;

/// <summary>Creates the application's builder.</summary>
internal static class ServiceBuilder
{
    /// <summary>A builder with the configuration of the command line, the environment and the file beside the program.</summary>
    /// <exception cref="InvalidSettingsException">The command line or the file is not acceptable.</exception>
    public static WebApplicationBuilder Create(CommandLine commandLine)
    {
        if (commandLine.Problems.Count > 0)
            throw new InvalidSettingsException(commandLine.Problems);

        try
        {
            var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions
            {
                // Settings are read once, and watching the file would cost an inotify instance.
                Args = ["--hostBuilder:reloadConfigOnChange=false", .. commandLine.Settings],

                // appsettings.json is beside the program, whatever the working directory.
                ContentRootPath = AppContext.BaseDirectory,
            });
            builder.WebHost.UseKestrelHttpsConfiguration();
            CertificateSource.UseWorkingDirectory(builder.Configuration);
            AddressSettings.UseDefault(builder.Configuration);
            AddressSettings.UseOperations(builder.Configuration);
            return builder;
        }
        catch (InvalidDataException exception)
        {
            throw new InvalidSettingsException([$"{exception.Message} {exception.GetBaseException().Message}"]);
        }
    }
}
