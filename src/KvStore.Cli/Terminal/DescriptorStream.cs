using System.ComponentModel;
using System.Runtime.InteropServices;

namespace KvStore.Cli;

/// <summary>
/// Standard output or standard error as a stream that only writes. The stream of <see cref="Console"/> ignores that its reader has closed, so that a watch piped into
/// <c>head</c> would never end; a <see cref="FileStream"/> writes at offsets of its own, so that the second of two commands that share a redirected file would overwrite the first.
/// </summary>
internal sealed partial class DescriptorStream(int descriptor) : Stream
{
    public const int StandardOutput = 1;
    public const int StandardError = 2;

    private const int Interrupted = 4;
    private const int WouldBlock = 11;
    private const int BrokenPipe = 32;
    private const short PollOut = 4;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            var written = Write(descriptor, in MemoryMarshal.GetReference(buffer), buffer.Length);
            if (written >= 0)
                buffer = buffer[(int)written..];
            else
                WaitOrThrow(Marshal.GetLastPInvokeError());
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Write(buffer.Span);
        return ValueTask.CompletedTask;
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    // Another process that shares the terminal may have made the descriptor non-blocking.
    private void WaitOrThrow(int error)
    {
        if (error == WouldBlock)
            _ = Poll(new PollRequest { Descriptor = descriptor, Events = PollOut }, 1, -1);
        else if (error == BrokenPipe)
            throw new ClosedOutputException();
        else if (error != Interrupted)
            throw new IOException("The output cannot be written: " + new Win32Exception(error).Message);
    }

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint Write(int descriptor, in byte bytes, nint count);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Poll(in PollRequest request, nuint count, int milliseconds);

    [StructLayout(LayoutKind.Sequential)]
    private struct PollRequest
    {
        public int Descriptor;
        public short Events;
        public short Result;
    }
}

/// <summary>The reader of the output has closed it, such as <c>head</c>: the command ends and says nothing.</summary>
internal sealed class ClosedOutputException : IOException;
