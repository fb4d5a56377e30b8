namespace KvStore.Cli.Tests;

/// <summary>Directories of tests, which are gone after the last one.</summary>
internal static class Scratch
{
    private static readonly string Root = Directory.CreateTempSubdirectory("kvstore-cli-").FullName;

    private static int _count;

    /// <summary>The path of a new directory.</summary>
    public static string New() => Directory.CreateDirectory(Path.Combine(Root, Interlocked.Increment(ref _count).ToString(CultureInfo.InvariantCulture))).FullName;

    public static void Delete() => Directory.Delete(Root, recursive: true);
}
