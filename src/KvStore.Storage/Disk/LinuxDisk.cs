using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace KvStore.Storage;

/// <summary>A directory of a file system.</summary>
/// <param name="directory">Where it is.</param>
/// <param name="isReadOnly">Whether files are opened to be read only, so that they may be on a medium that cannot be written.</param>
internal sealed class LinuxDisk(string directory, bool isReadOnly = false) : IDisk
{
    private const string LockName = "lock";

    // Entries of other users are nobody else's business.
    private const int FileMode = 0b110_000_000;
    private const int DirectoryMode = 0b111_000_000;

    private readonly string _directory = Path.GetFullPath(directory);
    private SafeFileHandle? _lock;

    public string PathOf(string name) => Path.Combine(_directory, name);

    public void Lock()
    {
        if (!OperatingSystem.IsLinux())
            throw new PlatformNotSupportedException("The log on disk needs Linux.");
        MakeDirectory(_directory);
        Lock(LinuxCalls.ReadWrite | LinuxCalls.CreateFile);
    }

    /// <summary>Takes a directory that exists for this process, as far as that can be done without writing to it.</summary>
    /// <returns>False when it cannot be written and has no lock file that could be taken: then nobody knows who else uses it.</returns>
    public bool TryLock()
    {
        try
        {
            Lock();
            return true;
        }
        catch (DiskLogException exception) when (exception.IsReadOnly)
        {
            return TryLockAsItIs();
        }
    }

    public IReadOnlyList<string> List()
    {
        try
        {
            return [.. Directory.EnumerateFiles(_directory).Select(path => Path.GetFileName(path))];
        }
        catch (Exception exception) when (exception is UnauthorizedAccessException or IOException)
        {
            throw DiskLogException.Failed("list the directory", _directory, exception.HResult, exception.Message);
        }
    }

    public IDiskFile Open(string name) => new LinuxFile(Open(PathOf(name), isReadOnly ? LinuxCalls.ReadOnly : LinuxCalls.ReadWrite), PathOf(name));

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

    public void FlushDirectory() => FlushDirectory(_directory);

    public void Dispose() => _lock?.Dispose();

    internal static DiskLogException LastError(string operation, string path)
    {
        var errno = Marshal.GetLastPInvokeError();
        return DiskLogException.Failed(operation, path, errno, Marshal.GetPInvokeErrorMessage(errno));
    }

    private bool TryLockAsItIs()
    {
        if (!File.Exists(PathOf(LockName)))
            return false;
        try
        {
            Lock(LinuxCalls.ReadOnly);
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

    // A directory that was made is only there to stay when its parent is flushed.
    private static void MakeDirectory(string directory)
    {
        if (Directory.Exists(directory))
            return;
        var parent = Path.GetDirectoryName(directory)!;
        MakeDirectory(parent);
        if (LinuxCalls.MakeDirectory(directory, DirectoryMode) != 0 && Marshal.GetLastPInvokeError() is var errno && !Directory.Exists(directory))
            throw DiskLogException.Failed("create the directory", directory, errno, Marshal.GetPInvokeErrorMessage(errno));
        FlushDirectory(parent);
    }

    private static void FlushDirectory(string directory)
    {
        using var handle = Open(directory, LinuxCalls.ReadOnly);
        if (LinuxCalls.Flush(handle) != 0)
            throw LastError("flush the directory", directory);
    }

    private static SafeFileHandle Open(string path, int flags)
    {
        int descriptor;
        do
        {
            descriptor = LinuxCalls.Open(path, flags | LinuxCalls.CloseOnExec, FileMode);
        }
        while (descriptor < 0 && Marshal.GetLastPInvokeError() == LinuxCalls.Interrupted);
        return descriptor >= 0 ? new SafeFileHandle(descriptor, ownsHandle: true) : throw LastError("open", path);
    }
}
