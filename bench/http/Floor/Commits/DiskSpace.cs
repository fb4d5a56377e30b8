using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace KvStore.Floor.Commits;

/// <summary>What a file has before the first write to it, which decides how much of its metadata each flush has to write as well.</summary>
internal enum FileSpace
{
    /// <summary>Nothing: each write makes the file longer.</summary>
    Growing,

    /// <summary>Blocks that were never written, so each block is marked as written at its first flush.</summary>
    Reserved,

    /// <summary>Blocks that were written before, as those of a recycled segment are: a flush writes data only.</summary>
    Written,
}

/// <summary>The calls of the system that .NET does not have.</summary>
internal static partial class DiskSpace
{
    /// <summary>Gives the file its space.</summary>
    public static void Prepare(SafeFileHandle file, FileSpace space, long bytes)
    {
        switch (space)
        {
            case FileSpace.Reserved when Allocate(file, 0, 0, bytes) != 0:
                throw new IOException(Marshal.GetLastPInvokeErrorMessage());

            case FileSpace.Written:
                var zeros = new byte[1 << 20];
                for (var offset = 0L; offset < bytes; offset += zeros.Length)
                    RandomAccess.Write(file, zeros, offset);
                RandomAccess.FlushToDisk(file);
                break;

            default:
                break;
        }
    }

    /// <summary>Flushes the data of a file, and of its metadata what is needed to read them: <see cref="RandomAccess.FlushToDisk"/> flushes all of it.</summary>
    public static void FlushData(SafeFileHandle file)
    {
        if (FlushDataOf(file) != 0)
            throw new IOException(Marshal.GetLastPInvokeErrorMessage());
    }

    [LibraryImport("libc", EntryPoint = "fallocate", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Allocate(SafeFileHandle file, int mode, long offset, long length);

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int FlushDataOf(SafeFileHandle file);
}
