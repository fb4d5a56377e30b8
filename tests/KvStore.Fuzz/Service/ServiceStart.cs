namespace KvStore.Fuzz;

/// <summary>How a service under attack is started.</summary>
/// <param name="Program">The command, without arguments.</param>
internal sealed record ServiceStart(IReadOnlyList<string> Program)
{
    /// <summary>1.5 GiB: what a container with 2 GiB leaves to the heap.</summary>
    public const long DefaultHeapBytesMax = 0x60000000;

    public long HeapBytesMax { get; init; } = DefaultHeapBytesMax;

    public int? DescriptorsMax { get; init; }

    /// <summary>Settings of the section KvStore.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>The command for a path: a program, or an assembly that the runtime runs.</summary>
    public static string[] CommandOf(string path) => Path.GetExtension(path) == ".dll"
        ? [Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", Path.GetFullPath(path)]
        : [Path.GetFullPath(path)];
}
