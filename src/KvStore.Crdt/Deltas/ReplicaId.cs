using System.Globalization;
using System.Security.Cryptography;

namespace KvStore.Crdt;

/// <summary>
/// Names a replica: one copy of a value with one history of changes. It is random, because two replicas with the same id would give different
/// changes the same name. A replica that lost what it had done takes a new one.
/// </summary>
/// <param name="Value">The number; any number is allowed.</param>
public readonly record struct ReplicaId(ulong Value) : IComparable<ReplicaId>
{
    /// <summary>A new random id.</summary>
    public static ReplicaId Create() => new(BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong))));

    /// <summary>Parses sixteen hexadecimal digits.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out ReplicaId id)
    {
        var isNumber = ulong.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value);
        id = new ReplicaId(value);
        return isNumber && text.Length == 2 * sizeof(ulong);
    }

    /// <inheritdoc/>
    /// <remarks>With a random seed, because others choose their ids. By halves, because the hash code of a long number has no seed.</remarks>
    public override int GetHashCode() => HashCode.Combine((uint)Value, (uint)(Value >> 32));

    /// <inheritdoc/>
    public int CompareTo(ReplicaId other) => Value.CompareTo(other.Value);

    /// <summary>Sixteen hexadecimal digits.</summary>
    public override string ToString() => Value.ToString("x16", CultureInfo.InvariantCulture);
}
