using System.Buffers.Text;

namespace KvStore.Crdt;

/// <summary>How many changes of each replica a value includes, and how many collections. Immutable.</summary>
public sealed class VersionVector : IEquatable<VersionVector>
{
    private readonly KeyValuePair<ReplicaId, ulong>[] _entries;

    /// <param name="epoch">The number of collections.</param>
    /// <param name="entries">Replicas in ascending order, none with 0.</param>
    internal VersionVector(ulong epoch, IEnumerable<KeyValuePair<ReplicaId, ulong>> entries)
    {
        Epoch = epoch;
        _entries = [.. entries];
    }

    /// <summary>The version before every change.</summary>
    public static VersionVector Empty { get; } = new(0, []);

    /// <summary>How many collections of garbage it has had.</summary>
    public ulong Epoch { get; }

    /// <summary>The number of replicas that it names.</summary>
    public int Count => _entries.Length;

    /// <summary>The replicas that it names, in ascending order, each with the number of its changes.</summary>
    public IReadOnlyList<KeyValuePair<ReplicaId, ulong>> Entries => _entries;

    /// <summary>How many characters <see cref="ToString"/> has.</summary>
    public int TextLength => Base64Url.GetEncodedLength(
        DeltaWriter.LengthOf(Epoch) + DeltaWriter.LengthOf((ulong)_entries.Length) + _entries.Sum(entry => sizeof(ulong) + DeltaWriter.LengthOf(entry.Value)));

    /// <summary>The number of changes of a replica that are included; 0 for a replica that is not named.</summary>
    public ulong this[ReplicaId replica]
    {
        get
        {
            var (low, high) = (0, _entries.Length - 1);
            while (low <= high)
            {
                var middle = (low + high) / 2;
                var order = _entries[middle].Key.CompareTo(replica);
                if (order == 0)
                    return _entries[middle].Value;
                if (order < 0)
                    low = middle + 1;
                else
                    high = middle - 1;
            }

            return 0;
        }
    }

    /// <summary>Whether every change that <paramref name="other"/> includes is included.</summary>
    public bool Covers(VersionVector other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return other._entries.All(entry => this[entry.Key] >= entry.Value);
    }

    /// <summary>What both include.</summary>
    public VersionVector Meet(VersionVector other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return new(
            Math.Min(Epoch, other.Epoch),
            from entry in _entries
            let common = Math.Min(entry.Value, other[entry.Key])
            where common > 0
            select KeyValuePair.Create(entry.Key, common));
    }

    /// <summary>What either includes.</summary>
    public VersionVector Join(VersionVector other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return new(
            Math.Max(Epoch, other.Epoch),
            from replica in _entries.Select(entry => entry.Key).Union(other._entries.Select(entry => entry.Key)).Order()
            select KeyValuePair.Create(replica, Math.Max(this[replica], other[replica])));
    }

    /// <summary>The replicas with more changes than in <paramref name="other"/>, each with all of its changes.</summary>
    public VersionVector Beyond(VersionVector other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return new(Epoch, _entries.Where(entry => entry.Value > other[entry.Key]));
    }

    internal VersionVector Without(IReadOnlySet<ReplicaId> replicas) => new(Epoch, _entries.Where(entry => !replicas.Contains(entry.Key)));

    /// <summary>Parses what <see cref="ToString"/> wrote.</summary>
    /// <returns>The version; null if the text is none.</returns>
    public static VersionVector? TryParse(ReadOnlySpan<char> text)
    {
        if (!Base64Url.IsValid(text))
            return null;
        var reader = new DeltaReader(Base64Url.DecodeFromChars(text));
        var version = reader.ReadVersion();
        return reader.IsAtEnd ? version : null;
    }

    /// <summary>The version as base64url, for headers and queries.</summary>
    public override string ToString()
    {
        var writer = new DeltaWriter();
        writer.Write(this);
        return Base64Url.EncodeToString(writer.Written);
    }

    /// <inheritdoc/>
    public bool Equals(VersionVector? other) => other is not null && Epoch == other.Epoch && _entries.AsSpan().SequenceEqual(other._entries);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as VersionVector);

    /// <inheritdoc/>
    public override int GetHashCode() => _entries.Aggregate(_entries.Length, HashCode.Combine);
}
