using System.Collections.Frozen;

namespace KvStore.Server;

/// <summary>The files of the console that the build made resources of the program; none, if it was built where Node.js is not. Immutable.</summary>
internal sealed class ConsoleFiles
{
    /// <summary>The page.</summary>
    public const string Page = "index.html";

    // The name that each file has as a resource of the program begins with this, and ends with how it is compressed.
    private const string Prefix = "console/";
    private const string Brotli = ".br";
    private const string Gzip = ".gz";

    private readonly FrozenDictionary<string, ConsoleFile> _files;

    private ConsoleFiles(FrozenDictionary<string, ConsoleFile> files) => _files = files;

    /// <summary>The path of every file below that of the console.</summary>
    public IEnumerable<string> Names => _files.Keys;

    /// <summary>Reads them from the program.</summary>
    public static ConsoleFiles Read()
    {
        var names = typeof(ConsoleFiles).Assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal) && name.EndsWith(Brotli, StringComparison.Ordinal))
            .Select(name => name[Prefix.Length..^Brotli.Length]);
        return new ConsoleFiles(names.ToFrozenDictionary(
            name => name, name => new ConsoleFile(name, ReadBytes(Prefix + name + Brotli), ReadBytes(Prefix + name + Gzip)), StringComparer.Ordinal));
    }

    /// <summary>The file at a path below that of the console, or null.</summary>
    public ConsoleFile? Find(string name) => _files.GetValueOrDefault(name);

    private static byte[] ReadBytes(string name)
    {
        using var file = typeof(ConsoleFiles).Assembly.GetManifestResourceStream(name)!;
        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        return bytes;
    }
}
