using System.Buffers.Text;
using System.Diagnostics;

namespace KvStore.WatchLoad;

/// <summary>
/// Reads events of one watcher and notes how late each is: a value is the timestamp of its writing, marked so that it is
/// found without parsing. An event that is cut by the end of a receive is completed by the next one.
/// </summary>
internal sealed class Latencies
{
    private static readonly byte[] Mark = "written:"u8.ToArray();

    private readonly List<long> _ticks = [];
    private readonly byte[] _rest = new byte[64];
    private int _restLength;

    public static string Value(int bytes) => $"written:{Stopwatch.GetTimestamp():D19}".PadRight(bytes, '.');

    public IReadOnlyList<long> Ticks => _ticks;

    public void Read(ReadOnlySpan<byte> bytes)
    {
        var now = Stopwatch.GetTimestamp();
        if (_restLength > 0)
        {
            var missing = Math.Min(bytes.Length, Mark.Length + 19);
            Span<byte> joined = stackalloc byte[_restLength + missing];
            _rest.AsSpan(0, _restLength).CopyTo(joined);
            bytes[..missing].CopyTo(joined[_restLength..]);
            _restLength = 0;
            Scan(joined, now);
            _restLength = 0;
        }

        Scan(bytes, now);
    }

    private void Scan(ReadOnlySpan<byte> bytes, long now)
    {
        while (bytes.IndexOf(Mark) is >= 0 and var at)
        {
            bytes = bytes[at..];
            if (bytes.Length < Mark.Length + 19)
                break;
            if (Utf8Parser.TryParse(bytes.Slice(Mark.Length, 19), out long written, out var digits) && digits == 19)
                _ticks.Add(now - written);
            bytes = bytes[(Mark.Length + 19)..];
        }

        _restLength = Math.Min(bytes.Length, Mark.Length + 18);
        bytes[^_restLength..].CopyTo(_rest);
    }

    /// <summary>Percentiles of many watchers together.</summary>
    public static string Describe(IEnumerable<Latencies> all)
    {
        var ticks = all.SelectMany(one => one._ticks).ToArray();
        if (ticks.Length == 0)
            return "nothing was delivered";
        Array.Sort(ticks);
        return $"{ticks.Length} deliveries: p50 {Milliseconds(0.5):F1} ms, p99 {Milliseconds(0.99):F1} ms, p99.9 {Milliseconds(0.999):F1} ms, longest {Milliseconds(1):F1} ms";

        double Milliseconds(double share) => Stopwatch.GetElapsedTime(0, ticks[(int)((ticks.Length - 1) * share)]).TotalMilliseconds;
    }
}
