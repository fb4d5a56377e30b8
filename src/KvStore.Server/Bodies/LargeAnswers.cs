using System.Runtime.InteropServices;

namespace KvStore.Server;

/// <summary>
/// Charges answers that are too large for the web server's buffer, before they begin: what each has in buffers, and the values that it is made of, which
/// stay in memory until it is taken even if they are replaced meanwhile. A value that many answers have is charged once. Thread-safe.
/// </summary>
internal sealed class LargeAnswers(Store store)
{
    // An answer that is not larger fits into the web server's buffer.
    private const int SmallBytes = 64 * 1024;

    // A piece, and the web server's buffer that it did not fit into.
    private const int BufferBytes = PacedOutput.PieceBytes + SmallBytes;

    private readonly Lock _lock = new();

    // Guarded by the lock: how many answers have a value.
    private readonly Dictionary<byte[], int> _values = new(ReferenceEqualityComparer.Instance);

    /// <summary>Charges an answer; false if it must be refused. It also is while open connections have all memory that is for them.</summary>
    /// <param name="entries">The entries whose values it has; null is none.</param>
    /// <param name="charge">Disposed of when the answer is taken or given up; null if it is small.</param>
    public bool TryBegin(IReadOnlyList<Entry?> entries, out IDisposable? charge)
    {
        charge = null;
        if (entries.Sum(entry => entry?.Bytes ?? 0) <= SmallBytes)
            return true;

        var values = entries.Where(entry => entry is not null).Select(entry => ArrayOf(entry!.Value)).ToArray();
        lock (_lock)
        {
            var bytes = BufferBytes + values.Distinct().Where(value => !_values.ContainsKey(value)).Sum(BytesOf);
            if (store.Memory.Connections.Bytes >= store.Memory.Connections.BytesMax || !store.Memory.Answers.TryCharge(bytes))
                return false;
            foreach (var value in values)
                CollectionsMarshal.GetValueRefOrAddDefault(_values, value, out _)++;
        }

        charge = new Charge(this, values, BufferBytes);
        return true;
    }

    /// <summary>The same for an answer that no entry has as its value.</summary>
    /// <param name="bytes">Its bytes.</param>
    /// <param name="charge">As above.</param>
    public bool TryBegin(int bytes, out IDisposable? charge)
    {
        charge = null;
        if (bytes <= SmallBytes)
            return true;
        var total = BufferBytes + (long)bytes;
        if (store.Memory.Connections.Bytes >= store.Memory.Connections.BytesMax || !store.Memory.Answers.TryCharge(total))
            return false;
        charge = new Charge(this, [], total);
        return true;
    }

    /// <summary>The answer to a read that must be refused.</summary>
    public static Problem Refusal() => Problems.Overloaded("large answers", RetryTimes.Overloaded) with { Outcome = null };

    private static byte[] ArrayOf(Entry entry) => MemoryMarshal.TryGetArray(entry.Value, out var array) ? array.Array! : [];

    private static long BytesOf(byte[] value) => value.Length + (3 * IntPtr.Size);

    private void End(byte[][] values, long bytes)
    {
        lock (_lock)
        {
            foreach (var value in values)
            {
                ref var count = ref CollectionsMarshal.GetValueRefOrNullRef(_values, value);
                if (--count > 0)
                    continue;
                _values.Remove(value);
                bytes += BytesOf(value);
            }
        }

        store.Memory.Answers.Release(bytes);
    }

    private sealed class Charge(LargeAnswers answers, byte[][] values, long bytes) : IDisposable
    {
        private byte[][]? _values = values;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _values, null) is { } held)
                answers.End(held, bytes);
        }
    }
}
