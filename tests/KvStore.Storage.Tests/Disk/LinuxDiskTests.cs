using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace KvStore.Storage.Tests;

/// <summary>What the file system rejects, as the operator reads it.</summary>
[SupportedOSPlatform("linux")]
public sealed partial class LinuxDiskTests : IDisposable
{
    private const int AccessDenied = 13;
    private const int OtherUser = 65534;

    private readonly TemporaryDirectory _directory = new();

    [Fact]
    public void List_PermissionDenied_SaysErrno()
    {
        var path = Directory.CreateDirectory(_directory.New()).FullName;
        File.SetUnixFileMode(path, UnixFileMode.None);

        // Root may read everything, so this thread becomes another user for the file system. Without that right nothing changes.
        var user = SetFileSystemUser(OtherUser);
        try
        {
            using var disk = new LinuxDisk(path);
            var exception = Assert.Throws<DiskLogException>(disk.List);
            Assert.Equal(AccessDenied, exception.Errno);
            Assert.Equal($"Could not list the directory {path}: Permission denied (errno 13).", exception.Message);
        }
        finally
        {
            _ = SetFileSystemUser(user);
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Open_Pipe_ThrowsAtOnce(bool isReadOnly)
    {
        var path = Path.Combine(Directory.CreateDirectory(_directory.New()).FullName, "pipe");
        Assert.Equal(0, MakePipe(path, 0b110_000_000));

        using var disk = new LinuxDisk(Path.GetDirectoryName(path)!, isReadOnly);
        var exception = Assert.Throws<DiskLogException>(() => disk.Open("pipe"));
        Assert.Equal($"Could not find the end of {path}: Illegal seek (errno 29).", exception.Message);
    }

    public void Dispose() => _directory.Dispose();

    [LibraryImport("libc", EntryPoint = "mkfifo", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int MakePipe(string path, uint mode);

    [LibraryImport("libc", EntryPoint = "setfsuid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetFileSystemUser(int user);
}
