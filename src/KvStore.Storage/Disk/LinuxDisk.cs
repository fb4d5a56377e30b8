using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace KvStore.Storage;

/// <summary>A directory of a file system.</summary>
/// <param name="directory">Its path.</param>
/// <param name="isReadOnly">Whether files are opened for reading only, so that they may be on a read-only medium.</param>
internal sealed class LinuxDisk(string directory, bool isReadOnly = false) : IDisk
{
    private const string LockName = "lock";

    // Only the user of the service may read the data.
    private const int FileMode = 0b110_000_000;
    private const int DirectoryMode = 0b111_000_000;

    private readonly string _directory = Path.GetFullPath(directory);
    private SafeFileHandle? _lock;

    // Kept open, because a flush of the directory must not fail for want of a descriptor.
    private SafeFileHandle? _handle;

    public string PathOf(string name) => Path.Combine(_directory, name);

    public void Lock()
    {
        if (!OperatingSystem.IsLinux())
            throw new PlatformNotSupportedException("The log on disk needs Linux.");
        MakeDirectory(_directory);
        Lock(LinuxCalls.ReadWrite | LinuxCalls.CreateFile);
        _handle = Open(_directory, LinuxCalls.ReadOnly);
    }

    /// <summary>Takes the directory lock, without writing if the directory is read-only.</summary>
    /// <returns>False if the directory is read-only and has no lock file: another process may be using it.</returns>
    public bool TryLock() => TryLock(Lock) || (File.Exists(PathOf(LockName)) && TryLock(() => Lock(LinuxCalls.ReadOnly)));

    public IReadOnlyList<string> List()
    {
        if (File.Exists(_directory))
            throw DiskLogException.NoData(_directory, "it is a file, not a directory. Name the data directory with --data, or a new or empty one.");
        try
        {
            return [.. Directory.EnumerateFileSystemEntries(_directory).Select(path => Path.GetFileName(path))];
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
        catch (Exception exception) when (exception is UnauthorizedAccessException or IOException)
        {
            // Only the inner exception of an UnauthorizedAccessException has the error number.
            var cause = exception.InnerException ?? exception;
            throw DiskLogException.Failed("list the directory", _directory, cause.HResult, cause.Message);
        }
    }

    public IDiskFile Open(string name)
    {
        var path = PathOf(name);
        var handle = Open(path, isReadOnly ? LinuxCalls.ReadOnly : LinuxCalls.ReadWrite);
        if (LinuxCalls.Seek(handle, 0, LinuxCalls.FromEnd) >= 0)
            return new LinuxFile(handle, path);

        // A pipe: it has no offsets to read at.
        var exception = LastError("find the end of", path);
        handle.Dispose();
        throw exception;
    }

    public IDiskFile Create(string name) => new LinuxFile(
        Open(PathOf(name), LinuxCalls.ReadWrite | LinuxCalls.CreateFile | LinuxCalls.EmptyFile), PathOf(name));

    public void Rename(string from, string to)
    {
        if (LinuxCalls.Rename(PathOf(from), PathOf(to)) != 0)
            throw LastError($"rename {PathOf(from)} to", PathOf(to));
    }

    public void Delete(string name)
    {
        if (LinuxCalls.Unlink(PathOf(name)) != 0)
            throw LastError("delete", PathOf(name));
    }

    public void FlushDirectory() => FlushDirectory(_handle ??= Open(_directory, LinuxCalls.ReadOnly), _directory);

    public void Dispose()
    {
        _handle?.Dispose();
        _lock?.Dispose();
    }

    internal static DiskLogException LastError(string operation, string path)
    {
        var errno = Marshal.GetLastPInvokeError();
        return DiskLogException.Failed(operation, path, errno, Marshal.GetPInvokeErrorMessage(errno));
    }

    internal static void ThrowUnlessInterrupted(string operation, string path)
    {
        if (Marshal.GetLastPInvokeError() != LinuxCalls.Interrupted)
            throw LastError(operation, path);
    }

    private static bool TryLock(Action take)
    {
        try
        {
            take();
            return true;
        }
        catch (DiskLogException exception) when (exception.IsReadOnly)
        {
            return false;
        }
    }

    private void Lock(int flags)
    {
        var path = PathOf(LockName);
        _lock = Open(path, flags);
        if (LinuxCalls.Lock(_lock, LinuxCalls.LockExclusiveOrFail) == 0)
            return;
        if (Marshal.GetLastPInvokeError() == LinuxCalls.WouldBlock)
            throw DiskLogException.Locked(_directory);
        throw LastError("lock", path);
    }

    // A new directory is durable only after its parent was flushed.
    private static void MakeDirectory(string directory)
    {
        if (Directory.Exists(directory))
            return;
        var parent = Path.GetDirectoryName(directory)!;
        MakeDirectory(parent);
        if (LinuxCalls.MakeDirectory(directory, DirectoryMode) != 0 && Marshal.GetLastPInvokeError() is var errno && !Directory.Exists(directory))
            throw DiskLogException.Failed("create the directory", directory, errno, Marshal.GetPInvokeErrorMessage(errno));
        using var handle = Open(parent, LinuxCalls.ReadOnly);
        FlushDirectory(handle, parent);
    }

    private static void FlushDirectory(SafeFileHandle handle, string directory)
    {
        if (LinuxCalls.Flush(handle) != 0)
            throw LastError("flush the directory", directory);
    }

    private static SafeFileHandle Open(string path, int flags)
    {
        int descriptor;

        // Without NonBlocking, a pipe in place of a file blocks until another process writes to it.
        while ((descriptor = LinuxCalls.Open(path, flags | LinuxCalls.CloseOnExec | LinuxCalls.NonBlocking, FileMode)) < 0)
            ThrowUnlessInterrupted("open", path);
        return new SafeFileHandle(descriptor, ownsHandle: true);
    }
}
