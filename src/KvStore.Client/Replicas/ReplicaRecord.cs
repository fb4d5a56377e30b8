using System.Security.Cryptography;

namespace KvStore.Client;

/// <summary>A replica as it is saved: what it is a replica of, where it was saved, its state, and a checksum.</summary>
internal static class ReplicaRecord
{
    private const int Format = 0x3152564B;

    public static byte[] Write(LocalReplica replica, string key, string place)
    {
        using var stream = new MemoryStream();
        using (var writer = new BinaryWriter(stream, Encoding.UTF8, leaveOpen: true))
        {
            writer.Write(Format);
            writer.Write(key);
            writer.Write(place);
            replica.Write(writer);
        }

        stream.Write(SHA256.HashData(stream.GetBuffer().AsSpan(0, (int)stream.Length)));
        return stream.ToArray();
    }

    /// <exception cref="InvalidDataException">It is damaged, or a replica of another key or type.</exception>
    public static LocalReplica Read(ReadOnlyMemory<byte> bytes, string key, Crdt.CrdtType type, string place)
    {
        var length = bytes.Length - SHA256.HashSizeInBytes;
        if (length < 0 || !SHA256.HashData(bytes.Span[..length]).AsSpan().SequenceEqual(bytes.Span[length..]))
            throw new InvalidDataException($"What was saved of the replica of {key} is damaged. Delete it to begin with the service's value; what was not sent is then lost.");
        try
        {
            using var reader = new BinaryReader(new MemoryStream(bytes[..length].ToArray(), writable: false), Encoding.UTF8);
            if (reader.ReadInt32() != Format)
                throw new FormatException("It has another format.");
            if (reader.ReadString() is var saved && saved != key)
                throw new InvalidDataException($"What was saved is a replica of {saved}, not of {key}.");
            var replica = LocalReplica.Read(reader, isCopy: reader.ReadString() != place);
            return replica.Value.Type == type ? replica : throw new InvalidDataException($"What was saved of {key} is a {replica.Value.Type}, not a {type}.");
        }
        catch (Exception exception) when (exception is FormatException or EndOfStreamException)
        {
            throw new InvalidDataException($"This version of the client cannot read what was saved of the replica of {key}. {exception.Message}", exception);
        }
    }
}
