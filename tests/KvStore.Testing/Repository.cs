namespace KvStore.Testing;

/// <summary>Where the things under test are: found from the test's own place, so the tests run from any directory.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    /// <summary>Debug or Release: what is tested was built together with the tests.</summary>
    public static string Configuration { get; } = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;

    /// <summary>The program that runs .NET programs; the SDK tells which one it is.</summary>
    public static string Dotnet { get; } = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";

    /// <summary>The command that starts the service: the program that <c>KVSTORE_SERVER</c> names, a native one for instance; without it, what was built together with the tests.</summary>
    public static string[] Server => Environment.GetEnvironmentVariable("KVSTORE_SERVER") is { Length: > 0 } program
        ? [Path.GetFullPath(program)]
        : OrdinaryServer;

    /// <summary>The command that starts what was built together with the tests.</summary>
    public static string[] OrdinaryServer => [Dotnet, BuiltAssembly("src/KvStore.Server", "KvStore.Server")];

    /// <summary>The native program under test, or null if it is the ordinary build.</summary>
    public static string? NativeServer => Server is [var program] ? program : null;

    /// <summary>The built file of a project, such as <c>src/KvStore.Server</c>.</summary>
    public static string BuiltAssembly(string project, string assembly)
    {
        var path = Path.Combine(Root, project, "bin", Configuration, "net10.0", assembly + ".dll");
        return File.Exists(path) ? path : throw new FileNotFoundException($"Build {project} as {Configuration} first.", path);
    }

    private static string FindRoot()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "KvStore.sln")))
                return directory.FullName;
        }

        throw new DirectoryNotFoundException($"No directory above {AppContext.BaseDirectory} holds KvStore.sln.");
    }
}
