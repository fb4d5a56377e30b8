using Microsoft.Win32.SafeHandles;

namespace KvStore.Floor.Commits;

/// <summary>
/// The file that groups of writes go to. It has no format: each value takes as many bytes as a frame of the service's log would, in a file that
/// starts again from its beginning when it is full. One thread at a time uses it.
/// </summary>
internal sealed class GroupFile : IDisposable
{
    /// <summary>Bytes of the file. As many as the service's segments.</summary>
    public const long Size = 64 << 20;

    /// <summary>Bytes of the largest value.</summary>
    public const int ValueBytesMax = 512 << 10;

    // What a frame of the service's log has beyond the value, with a key of 17 bytes.
    private const int BytesBesideValue = 120;

    private readonly byte[] _buffer = new byte[1 << 20];
    private readonly SafeFileHandle _file;
    private long _offset;

    public GroupFile(string directory, FileSpace space)
    {
        _file = File.OpenHandle(Path.Combine(directory, "groups"), FileMode.Create, FileAccess.Write);
        DiskSpace.Prepare(_file, space, Size);
    }

    /// <summary>Writes a group, and returns when it is on disk. A disk that fails ends the program: a comparison has nothing to recover.</summary>
    public void Append(List<PendingWrite> group)
    {
        try
        {
            var length = 0;
            foreach (var write in group)
            {
                var bytes = write.Value.Length + BytesBesideValue;
                if (length + bytes > _buffer.Length)
                {
                    Write(length);
                    length = 0;
                }

                write.Value.CopyTo(_buffer, length);
                length += bytes;
            }

            Write(length);
            DiskSpace.FlushData(_file);
        }
        catch (Exception exception)
        {
            Environment.FailFast("The disk failed.", exception);
        }
    }

    public void Dispose() => _file.Dispose();

    private void Write(int length)
    {
        if (_offset + length > Size)
            _offset = 0;
        RandomAccess.Write(_file, _buffer.AsSpan(0, length), _offset);
        _offset += length;
    }
}
