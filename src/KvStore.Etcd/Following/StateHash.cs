using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace KvStore.Etcd;

/// <summary>The hash of a state: SHA-256 of the revision and of all entries, with the store's own records. Equal states have equal hashes, on every replica.</summary>
internal sealed class StateHash : IDisposable
{
    private const int Numbers = 8;

    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    /// <param name="revision">The revision of the state.</param>
    public StateHash(long revision)
    {
        Span<byte> number = stackalloc byte[sizeof(long)];
        Write(number, 0, revision);
        _hash.AppendData(number);
    }

    /// <summary>The hash of a snapshot. Takes about a third of a second for a million small entries.</summary>
    public static byte[] Of(Snapshot snapshot)
    {
        using var hash = new StateHash(snapshot.Revision);
        foreach (var entry in snapshot.ScanAll())
            hash.Add(entry);
        return hash.Finish();
    }

    /// <summary>Adds an entry; entries are added in key order.</summary>
    public void Add(Entry entry)
    {
        Span<byte> numbers = stackalloc byte[Numbers * sizeof(long)];
        Write(numbers, 0, entry.CreatedRevision);
        Write(numbers, 1, entry.Revision);
        Write(numbers, 2, entry.Version);
        Write(numbers, 3, entry.ModifiedAtMilliseconds);
        Write(numbers, 4, entry.ExpiresAtMilliseconds);
        Write(numbers, 5, entry.KeyUtf8.Length);
        Write(numbers, 6, entry.ContentType.Length);
        Write(numbers, 7, entry.ValueLength);
        _hash.AppendData(numbers);
        _hash.AppendData(entry.KeyUtf8);
        _hash.AppendData(Encoding.ASCII.GetBytes(entry.ContentType));
        _hash.AppendData(entry.Value.Span);
    }

    /// <summary>The hash of what was added.</summary>
    public byte[] Finish() => _hash.GetHashAndReset();

    public void Dispose() => _hash.Dispose();

    private static void Write(Span<byte> numbers, int index, long value) => BinaryPrimitives.WriteInt64LittleEndian(numbers[(index * sizeof(long))..], value);
}
