using System.Diagnostics;
using System.Globalization;
using KvStore.Etcd;

namespace KvStore.Benchmarks;

/// <summary>What it takes to encode and to decode what is stored in etcd, without etcd.</summary>
internal static class RecordQuick
{
    private const int Rounds = 20;
    private const long Now = 1_750_000_000_000;

    public static void Run()
    {
        foreach (var (puts, valueBytes) in new[] { (1, 100), (64, 100), (512, 100), (1, 16 << 10), (1, 1 << 20) })
            MeasureRecord($"{puts} x put of {valueBytes:N0} bytes", [.. KeyShapes.Make(KeyShapes.Names[0], puts).Select(key => new Transaction([], [new Put(key, new byte[valueBytes], "application/json")]))]);
        MeasureRecord("64 x guarded put with idempotency key", [.. KeyShapes.Make(KeyShapes.Names[0], 64).Select((key, i) => new Transaction([Guard.RevisionNotIn(key, i + 1)], [new Put(key, new byte[100], "application/json")])
        {
            Idempotency = new Idempotency(BitConverter.GetBytes(i), new byte[32], TimeSpan.FromHours(24), 1 << 20),
        })]);
        MeasureRecord("64 x increment", [.. KeyShapes.Make(KeyShapes.Names[0], 64).Select(key => new Transaction([], [new Increment(key, 1)]))]);
        MeasureEntries(100_000, 100);
    }

    private static void MeasureRecord(string name, Transaction[] transactions)
    {
        var record = RecordCodec.Encode(transactions, Now, default);
        var repeats = (int)Math.Clamp((32L << 20) / (record.Length + (200L * transactions.Length)), 1, 50_000);
        var encode = Best(repeats, () => RecordCodec.Encode(transactions, Now, default));
        var decode = Best(repeats, () => RecordCodec.Decode(record));
        Print(name, record.Length, transactions.Length, encode, decode);
    }

    private static void MeasureEntries(int count, int valueBytes)
    {
        Entry[] entries = [.. KeyShapes.Make(KeyShapes.Names[0], count).Order().Select(key => Entry.Create(key.Utf8, new byte[valueBytes], "application/json", 1_000_000, 1_000_000, 1, Now, Entry.Never))];
        byte[][] parts = [.. EntriesCodec.Encode(entries, 1 << 20)];
        var encode = Best(1, () => parts = [.. EntriesCodec.Encode(entries, 1 << 20)]);
        var decode = Best(1, () =>
        {
            foreach (var part in parts)
                EntriesCodec.Decode(part);
        });
        Print($"{count:N0} entries of {valueBytes} bytes", parts.Sum(part => part.Length), count, encode, decode);
    }

    private static (double Nanoseconds, double Bytes) Best(int repeats, Action action)
    {
        var (time, bytes) = (double.MaxValue, 0L);
        for (var round = 0; round < Rounds; round++)
        {
            var (allocated, start) = (GC.GetAllocatedBytesForCurrentThread(), Stopwatch.GetTimestamp());
            for (var i = 0; i < repeats; i++)
                action();
            time = Math.Min(time, Stopwatch.GetElapsedTime(start).TotalNanoseconds / repeats);
            bytes = (GC.GetAllocatedBytesForCurrentThread() - allocated) / repeats;
        }

        return (time, bytes);
    }

    private static void Print(string name, int bytes, int count, (double Time, double Bytes) encode, (double Time, double Bytes) decode) =>
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{name,-40} {bytes / (double)count,11:F0} B each: encode {encode.Time / count,9:F0} ns {encode.Bytes / count,9:F0} B, decode {decode.Time / count,9:F0} ns {decode.Bytes / count,9:F0} B"));
}
