using System.Buffers.Text;

namespace KvStore.Fuzz;

/// <summary>Checks the frames that a service sends, and takes the statuses of its answers from them.</summary>
internal sealed class Http2Answers
{
    private const int FrameBytesMax = 16 * 1024;

    // The first entries of the static table of RFC 7541 that are a status.
    private static readonly int[] IndexedStatuses = [200, 204, 206, 304, 400, 404, 500];
    private const int FirstStatusIndex = 8;
    private const byte Indexed = 0x80;
    private const byte TableSizeUpdate = 0x20;

    private byte[] _rest = [];

    public List<int> Statuses { get; } = [];

    public bool HasGoAway { get; private set; }

    /// <summary>What is no HTTP/2.</summary>
    public string? Fault { get; private set; }

    public void Add(ReadOnlySpan<byte> bytes)
    {
        byte[] all = [.. _rest, .. bytes];

        // A service may answer in HTTP/1.1 to what is no preface.
        if (all.AsSpan().StartsWith("HTTP/1.1 "u8))
            return;
        var at = 0;
        while (Fault is null && all.Length - at >= Http2Frames.FrameHeaderBytes)
        {
            var header = all.AsSpan(at, Http2Frames.FrameHeaderBytes);
            var length = (header[0] << 16) | (header[1] << 8) | header[2];
            if (length > FrameBytesMax || header[3] > Http2Frames.Continuation)
                Fault = $"a frame of type {header[3]} with {length} bytes";
            if (all.Length - at < Http2Frames.FrameHeaderBytes + length)
                break;
            if (header[3] == Http2Frames.Headers)
                AddStatus(all.AsSpan(at + Http2Frames.FrameHeaderBytes, length));
            HasGoAway |= header[3] == Http2Frames.GoAway;
            at += Http2Frames.FrameHeaderBytes + length;
        }

        _rest = all[Math.Min(at, all.Length)..];
    }

    // The status is the first field of a header block; trailers have none.
    private void AddStatus(ReadOnlySpan<byte> block)
    {
        while (!block.IsEmpty && (block[0] & 0xE0) == TableSizeUpdate)
            block = block[1..];
        if (block.IsEmpty)
            return;
        if ((block[0] & Indexed) != 0)
        {
            var index = (block[0] & 0x7F) - FirstStatusIndex;
            if (index >= 0 && index < IndexedStatuses.Length)
                Statuses.Add(IndexedStatuses[index]);
        }
        else if ((block[0] & 0x0F) == FirstStatusIndex && block.Length > 4 && Utf8Parser.TryParse(block.Slice(2, 3), out int status, out _))
        {
            Statuses.Add(status);
        }
        else if ((block[0] & 0x3F) == FirstStatusIndex && block.Length > 4 && Utf8Parser.TryParse(block.Slice(2, 3), out int indexed, out _))
        {
            Statuses.Add(indexed);
        }
    }
}
