namespace KvStore.Server;

/// <summary>
/// Splits a stream into lines as its bytes arrive. Scans no byte twice, and skips a line that is too long without buffering it.
/// Belongs to one thread at a time.
/// </summary>
/// <param name="lineBytesMax">The longest line, without its line break.</param>
internal sealed class LineSplitter(long lineBytesMax)
{
    private const int StartBytes = 64;

    // Bytes at the start of the buffer that are known to have no line break.
    private long _scanned;
    private bool _isSkipping;

    // Of the line that is being skipped.
    private byte[] _start = [];

    /// <summary>Takes a line off the front; false if there is no complete one yet.</summary>
    /// <param name="buffer">All bytes that have arrived and were not taken.</param>
    /// <param name="isLast">Whether no more will arrive; then the rest is a line even without a line break.</param>
    /// <param name="line">The line, without its line break.</param>
    /// <param name="isTooLong">Whether the line is too long; then <paramref name="line"/> has only its start.</param>
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
        if (isTooLong)
            line = _isSkipping ? new ReadOnlySequence<byte>(_start) : StartOf(line);
        (_scanned, _isSkipping) = (0, false);
        return true;
    }

    private void Wait(ref ReadOnlySequence<byte> buffer)
    {
        if (!_isSkipping && buffer.Length > lineBytesMax)
            (_isSkipping, _start) = (true, StartOf(buffer).ToArray());
        if (_isSkipping)
            buffer = buffer.Slice(buffer.End);
        _scanned = buffer.Length;
    }

    private static ReadOnlySequence<byte> StartOf(ReadOnlySequence<byte> line) => line.Slice(0, Math.Min(StartBytes, line.Length));
}
