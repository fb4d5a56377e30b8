using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace KvStore.Server;

/// <summary>Changes a small file so that every reader, also after a power failure, sees it as it was or as it is, and concurrent changes are all kept.</summary>
internal static partial class AtomicFile
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private static readonly TimeSpan LockWaitMax = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LockRetryDelay = TimeSpan.FromMilliseconds(20);

    /// <summary>Replaces the contents, or makes the file, for its owner alone.</summary>
    /// <param name="path">The file. A symbolic link stays one; the file that it leads to is replaced.</param>
    /// <param name="change">Makes the new contents of the old ones, null if there is no file; null to change nothing.</param>
    /// <exception cref="IOException">The file cannot be changed, or another process has not finished changing it.</exception>
    public static async Task ChangeAsync(string path, Func<byte[]?, byte[]?> change)
    {
        var file = new FileInfo(path);
        var target = file.LinkTarget is null ? file.FullName : file.ResolveLinkTarget(returnFinalTarget: true)!.FullName;

        // A file of its own, because the file itself is replaced: two processes would lock two files.
        await using var held = await LockAsync(target + ".lock").ConfigureAwait(false);
        var before = File.Exists(target) ? await File.ReadAllBytesAsync(target).ConfigureAwait(false) : null;
        if (change(before) is not { } after)
            return;

        var temporary = target + ".tmp";
        File.Delete(temporary);
        await using (var written = new FileStream(temporary, Create(before is null ? OwnerOnly : ModeOf(target))))
        {
            await written.WriteAsync(after).ConfigureAwait(false);
            await written.FlushAsync().ConfigureAwait(false);
            RandomAccess.FlushToDisk(written.SafeFileHandle);
        }

        File.Move(temporary, target, overwrite: true);
        FlushDirectory(Path.GetDirectoryName(target)!);
    }

    private static async Task<FileStream> LockAsync(string path)
    {
        for (var waited = TimeSpan.Zero; ; waited += LockRetryDelay)
        {
            try
            {
                return new FileStream(path, Options(FileMode.OpenOrCreate, OwnerOnly));
            }
            catch (IOException exception) when (exception.GetType() == typeof(IOException) && waited < LockWaitMax)
            {
                await Task.Delay(LockRetryDelay).ConfigureAwait(false);
            }
        }
    }

    private static FileStreamOptions Create(UnixFileMode mode) => Options(FileMode.CreateNew, mode);

    private static FileStreamOptions Options(FileMode mode, UnixFileMode access)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.ReadWrite, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = access;
        return options;
    }

    // An operator may have opened it to the group of the service.
    private static UnixFileMode ModeOf(string path) => OperatingSystem.IsWindows() ? OwnerOnly : File.GetUnixFileMode(path);

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
