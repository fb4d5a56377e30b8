using System.Buffers.Binary;
using System.Net;

namespace KvStore.Server;

/// <summary>
/// Who a connection is counted for: an IPv4 address, also if it is mapped into IPv6, or the /64 network of an IPv6 address, all of which
/// one host can have.
/// </summary>
internal readonly record struct AddressKey(bool IsIPv6, ulong Network)
{
    /// <summary>The key of a remote end; null if it has no IP address, as on a Unix socket.</summary>
    public static AddressKey? Of(EndPoint? remote) => OfAddress((remote as IPEndPoint)?.Address);

    /// <summary>The key of an address; null for none.</summary>
    public static AddressKey? OfAddress(IPAddress? address)
    {
        if (address is null)
            return null;
        Span<byte> bytes = stackalloc byte[16];
        if (!address.TryWriteBytes(bytes, out var length))
            return null;
        return length == 4 ? new AddressKey(false, BinaryPrimitives.ReadUInt32BigEndian(bytes))
            : address.IsIPv4MappedToIPv6 ? new AddressKey(false, BinaryPrimitives.ReadUInt32BigEndian(bytes[12..]))
            : new AddressKey(true, BinaryPrimitives.ReadUInt64BigEndian(bytes));
    }
}
