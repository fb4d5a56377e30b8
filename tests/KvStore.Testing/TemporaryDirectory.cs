namespace KvStore.Testing;

/// <summary>Directories that are gone after the test.</summary>
internal sealed class TemporaryDirectory : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("kvstore-test-").FullName;
    private int _count;

    /// <summary>The path of a directory that does not exist yet.</summary>
    public string New() => Path.Combine(_root, $"{Interlocked.Increment(ref _count)}", "data");

    public void Dispose() => Directory.Delete(_root, recursive: true);
}
