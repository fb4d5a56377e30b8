using System.Diagnostics;
using System.Globalization;
using KvStore.Storage;

namespace KvStore.Benchmarks;

/// <summary>What it takes to encode the frame of a batch, with a disk that does nothing.</summary>
internal static class FrameQuick
{
    private const long BytesPerRound = 32 << 20;
    private const int Rounds = 40;

    public static void Run()
    {
        foreach (var (puts, valueBytes) in new[] { (1, 100), (64, 100), (1, 16 << 10), (1, 1 << 20), (16, 1 << 20) })
        {
            Measure(puts, valueBytes, isZero: false);
            Measure(puts, valueBytes, isZero: true);
        }
    }

    private static void Measure(int puts, int valueBytes, bool isZero)
    {
        var commits = Commits(puts, valueBytes, isZero);
        var segment = FileHeader.Create(StoreId.Create(), 1);
        var writer = new FrameWriter();
        using var file = new NoFile();
        var frames = (int)Math.Clamp(BytesPerRound / (puts * (valueBytes + 100L)), 1, 200_000);
        var best = double.MaxValue;
        for (var round = 0; round < Rounds; round++)
        {
            var start = Stopwatch.GetTimestamp();
            for (var i = 0; i < frames; i++)
                writer.Write(file, segment, 44 + (i * 48L), writer.Measure(commits, 0), commits);
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalMicroseconds / frames);
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{puts,3} x {valueBytes,9:N0} bytes {(isZero ? "of zeros" : "at random"),-9} {best,10:F2} us per frame"));
    }

    private static List<Commit> Commits(int puts, int valueBytes, bool isZero)
    {
        var keys = KeyShapes.Make(KeyShapes.Names[0], puts);
        var value = new byte[valueBytes];
        if (!isZero)
            new Random(1).NextBytes(value);
        return [.. keys.Select((key, i) => new Commit(i + 1, new EntryChange(null, Entry.Create(key.Utf8, value, "application/octet-stream", i + 1, i + 1, 1, 0, Entry.Never))))];
    }

    private sealed class NoFile : IDiskFile
    {
        public string Path => "";

        public long LengthBytes => 0;

        public int Read(Span<byte> buffer, long offset) => 0;

        public void Write(ReadOnlySpan<byte> bytes, long offset)
        {
        }

        public void Truncate(long lengthBytes)
        {
        }

        public void Reserve(long offset, long bytes)
        {
        }

        public void Flush()
        {
        }

        public void Dispose()
        {
        }
    }
}
