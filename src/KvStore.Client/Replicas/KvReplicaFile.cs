using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace KvStore.Client;

/// <summary>
/// Keeps a replica in a file, which is replaced atomically and flushed. A second file with the ending <c>.lock</c> keeps other processes away as long as this one is open; it may stay. Dispose of
/// the replica first.
/// </summary>
public sealed partial class KvReplicaFile : IKvReplicaStorage, IDisposable
{
    private readonly string _path;
    private readonly FileStream _lock;

    /// <summary>Opens the file, or where it will be; its directory is made if it is absent.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="IOException">Another process, or another replica of this one, has it open; or it cannot be opened.</exception>
    public KvReplicaFile(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        _path = Path.GetFullPath(path);
        Directory.CreateDirectory(Path.GetDirectoryName(_path)!);
        _lock = new FileStream(_path + ".lock", Options(FileMode.OpenOrCreate));
    }

    /// <inheritdoc/>
    public string Place => $"{Environment.MachineName}:{_path}";

    /// <inheritdoc/>
    public async ValueTask<byte[]?> LoadAsync(CancellationToken cancellationToken) =>
        File.Exists(_path) ? await File.ReadAllBytesAsync(_path, cancellationToken).ConfigureAwait(false) : null;

    /// <inheritdoc/>
    public async ValueTask SaveAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        var temporary = _path + ".new";
        var written = new FileStream(temporary, Options(FileMode.Create));
        await using (written.ConfigureAwait(false))
        {
            await written.WriteAsync(bytes, cancellationToken).ConfigureAwait(false);
            await written.FlushAsync(cancellationToken).ConfigureAwait(false);
            RandomAccess.FlushToDisk(written.SafeFileHandle);
        }

        File.Move(temporary, _path, overwrite: true);
        FlushDirectory(Path.GetDirectoryName(_path)!);
    }

    /// <summary>Lets other processes open it.</summary>
    public void Dispose() => _lock.Dispose();

    // What a person has not sent yet no other account may read.
    private static FileStreamOptions Options(FileMode mode)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.ReadWrite, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return options;
    }

    // The new name is safe only with the directory; .NET opens no directories.
    private static void FlushDirectory(string path)
    {
        if (!OperatingSystem.IsLinux())
            return;
        using var directory = Open(path, 0);
        _ = directory.IsInvalid ? 0 : Flush(directory);
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial SafeFileHandle Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Flush(SafeFileHandle file);
}
