using System.Buffers;

namespace KvStore.Cli;

/// <summary>What a command prints: buffered, and written when the buffer is full, at the end, and when a watch has an event.</summary>
internal sealed class Output(Stream stream, bool isTerminal, bool hasColor, int width)
{
    private const int BufferBytes = 64 << 10;

    private readonly ArrayBufferWriter<byte> _buffer = new(BufferBytes);

    /// <summary>Whether a person reads it.</summary>
    public bool IsTerminal => isTerminal;

    /// <summary>The number of columns; of no terminal a number that nothing exceeds.</summary>
    public int Width => width;

    /// <summary>The buffer, for writers of JSON. Call <see cref="FlushIfFull"/> afterwards.</summary>
    public IBufferWriter<byte> Buffer => _buffer;

    public string Paint(Color color, string text) => hasColor && text.Length > 0 ? $"\e[{(int)color}m{text}\e[0m" : text;

    public void Line(string text = "")
    {
        Write(text);
        Write("\n"u8);
    }

    public void Write(string text)
    {
        var bytes = _buffer.GetSpan(Encoding.UTF8.GetMaxByteCount(text.Length));
        _buffer.Advance(Encoding.UTF8.GetBytes(text, bytes));
        FlushIfFull();
    }

    public void Write(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length >= BufferBytes)
        {
            Flush();
            stream.Write(bytes);
            return;
        }

        _buffer.Write(bytes);
        FlushIfFull();
    }

    public void FlushIfFull()
    {
        if (_buffer.WrittenCount >= BufferBytes)
            Flush();
    }

    public void Flush()
    {
        if (_buffer.WrittenCount == 0)
            return;
        try
        {
            stream.Write(_buffer.WrittenSpan);
        }
        finally
        {
            _buffer.ResetWrittenCount();
        }
    }

    /// <summary>The stream for what is copied as it is.</summary>
    public Stream Direct()
    {
        Flush();
        return stream;
    }
}

/// <summary>Colors of terminals, by their numbers in escape sequences.</summary>
internal enum Color
{
    Bold = 1,
    Dim = 2,
    Red = 31,
    Green = 32,
    Yellow = 33,
    Cyan = 36,
}
