namespace KvStore.Fuzz;

/// <summary>The options that say which service is meant.</summary>
internal static class ServiceCommand
{
    public static async Task<ServiceProcess> OpenAsync(CommandLine line)
    {
        if (line.Text("address") is { } address)
            return ServiceProcess.Attach(new Uri(address), line.Text("pid") is { } id ? int.Parse(id, System.Globalization.CultureInfo.InvariantCulture) : null);
        return await ServiceProcess.StartAsync(Start(line));
    }

    public static ServiceStart Start(CommandLine line) => new(ServiceStart.CommandOf(line.Text("server") ?? Built()));

    private static string Built()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        var configuration = root.Parent!.Name;
        while (!File.Exists(Path.Combine(root.FullName, "KvStore.sln")))
            root = root.Parent ?? throw new FormatException("Which --server or --address?");
        return Path.Combine(root.FullName, "src", "KvStore.Server", "bin", configuration, "net10.0", "KvStore.Server.dll");
    }
}
