using System.Buffers;

namespace KvStore.Server;

/// <summary>
/// Takes lines off a stream's bytes as they come. Nothing is looked at twice, and a line that is too long is passed over
/// without being gathered. Belongs to one thread at a time.
/// </summary>
/// <param name="lineBytesMax">The longest line, without its line break.</param>
internal sealed class LineSplitter(long lineBytesMax)
{
    // Bytes at the start of what is there that are known to have no line break.
    private long _scanned;
    private bool _isSkipping;

    /// <summary>Takes a line off the front.</summary>
    /// <param name="buffer">All that came and was not taken.</param>
    /// <param name="isLast">Whether nothing more will come; then what has no line break is a line, too.</param>
    /// <param name="line">The line, without its line break.</param>
    /// <param name="isTooLong">Whether the line is too long; then only its end is there.</param>
    /// <returns>False when there is no whole line yet.</returns>
    public bool TryTake(ref ReadOnlySequence<byte> buffer, bool isLast, out ReadOnlySequence<byte> line, out bool isTooLong)
    {
        if (buffer.Slice(_scanned).PositionOf((byte)'\n') is { } end)
        {
            line = buffer.Slice(0, end);
            buffer = buffer.Slice(buffer.GetPosition(1, end));
        }
        else if (isLast && !(buffer.IsEmpty && !_isSkipping))
        {
            line = buffer;
            buffer = buffer.Slice(buffer.End);
        }
        else
        {
            (line, isTooLong) = (default, false);
            Wait(ref buffer);
            return false;
        }

        isTooLong = _isSkipping || line.Length > lineBytesMax;
        (_scanned, _isSkipping) = (0, false);
        return true;
    }

    private void Wait(ref ReadOnlySequence<byte> buffer)
    {
        _isSkipping |= buffer.Length > lineBytesMax;
        if (_isSkipping)
            buffer = buffer.Slice(buffer.End);
        _scanned = buffer.Length;
    }
}
