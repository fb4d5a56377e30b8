using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace KvStore.Storage;

/// <summary>A file of a <see cref="LinuxDisk"/>.</summary>
internal sealed class LinuxFile(SafeFileHandle handle, string path) : IDiskFile
{
    // Linux transfers at most 2 GiB per call.
    private const int CallBytesMax = 1 << 30;

    public string Path => path;

    public long LengthBytes => RandomAccess.GetLength(handle);

    public int Read(Span<byte> buffer, long offset)
    {
        var count = 0;
        while (count < buffer.Length)
        {
            var rest = buffer[count..];
            var read = LinuxCalls.Read(handle, ref MemoryMarshal.GetReference(rest), Math.Min(rest.Length, CallBytesMax), offset + count);
            if (read == 0)
                break;
            if (read > 0)
                count += (int)read;
            else
                LinuxDisk.ThrowUnlessInterrupted($"read {rest.Length} bytes at {offset + count} of", path);
        }

        return count;
    }

    public void Write(ReadOnlySpan<byte> bytes, long offset)
    {
        while (!bytes.IsEmpty)
        {
            var written = LinuxCalls.Write(handle, in MemoryMarshal.GetReference(bytes), Math.Min(bytes.Length, CallBytesMax), offset);
            if (written < 0)
            {
                LinuxDisk.ThrowUnlessInterrupted($"write {bytes.Length} bytes at {offset} of", path);
                continue;
            }

            bytes = bytes[(int)written..];
            offset += written;
        }
    }

    public void Truncate(long lengthBytes)
    {
        while (LinuxCalls.Truncate(handle, lengthBytes) != 0)
            LinuxDisk.ThrowUnlessInterrupted($"cut to {lengthBytes} bytes", path);
    }

    public void Reserve(long offset, long bytes)
    {
        while (LinuxCalls.Allocate(handle, 0, offset, bytes) != 0 && Marshal.GetLastPInvokeError() != LinuxCalls.NotSupported)
            LinuxDisk.ThrowUnlessInterrupted($"reserve {bytes} bytes at {offset} of", path);
    }

    // Never repeated, not even when interrupted: a second flush may report success although pages were lost. fdatasync also flushes the length.
    public void Flush()
    {
        if (LinuxCalls.FlushData(handle) != 0)
            throw LinuxDisk.LastError("flush", path);
    }

    public void Dispose() => handle.Dispose();
}
