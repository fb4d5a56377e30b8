using System.Buffers.Text;
using System.Diagnostics;

namespace KvStore.WatchLoad;

/// <summary>
/// Measures the latency of one watcher's events: a value contains the timestamp of its write, marked so that it is found
/// without parsing. An event that a receive cuts off is completed by the next one.
/// </summary>
internal sealed class Latencies
{
    private static readonly byte[] Mark = "written:"u8.ToArray();

    private readonly byte[] _rest = new byte[64];
    private int _restLength;

    public static string Value(int bytes) => $"written:{Stopwatch.GetTimestamp():D19}".PadRight(bytes, '.');

    public void Read(ReadOnlySpan<byte> bytes, Histogram histogram)
    {
        var now = Stopwatch.GetTimestamp();
        if (_restLength > 0)
        {
            var missing = Math.Min(bytes.Length, Mark.Length + 19);
            Span<byte> joined = stackalloc byte[_restLength + missing];
            _rest.AsSpan(0, _restLength).CopyTo(joined);
            bytes[..missing].CopyTo(joined[_restLength..]);
            _restLength = 0;
            Scan(joined, now, histogram);
            _restLength = 0;
        }

        Scan(bytes, now, histogram);
    }

    private void Scan(ReadOnlySpan<byte> bytes, long now, Histogram histogram)
    {
        while (bytes.IndexOf(Mark) is >= 0 and var at)
        {
            bytes = bytes[at..];
            if (bytes.Length < Mark.Length + 19)
                break;
            if (Utf8Parser.TryParse(bytes.Slice(Mark.Length, 19), out long written, out var digits) && digits == 19)
                histogram.Add(Stopwatch.GetElapsedTime(written, now));
            bytes = bytes[(Mark.Length + 19)..];
        }

        _restLength = Math.Min(bytes.Length, Mark.Length + 18);
        bytes[^_restLength..].CopyTo(_rest);
    }
}
