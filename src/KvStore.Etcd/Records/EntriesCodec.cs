using System.Text;
using Google.Protobuf;

namespace KvStore.Etcd;

/// <summary>Entries of a checkpoint as bytes, in parts. Thread-safe.</summary>
internal static class EntriesCodec
{
    private static readonly MessageParser<Records.Entries> PartParser = Records.Entries.Parser.WithDiscardUnknownFields(true);

    /// <summary>Encodes entries. Lazy: a part is made when it is asked for.</summary>
    /// <param name="entries">In key order, with the store's own records.</param>
    /// <param name="bytesMax">The most bytes of a part. An entry that has more is a part of its own.</param>
    public static IEnumerable<byte[]> Encode(IEnumerable<Entry> entries, int bytesMax)
    {
        var part = new Records.Entries();
        var bytes = 0L;
        foreach (var entry in entries)
        {
            var message = Encode(entry);

            // The tag of an entry takes a byte.
            var entryBytes = 1 + CodedOutputStream.ComputeMessageSize(message);
            if (part.Entries_.Count > 0 && bytes + entryBytes > bytesMax)
            {
                yield return part.ToByteArray();
                part.Entries_.Clear();
                bytes = 0;
            }

            part.Entries_.Add(message);
            bytes += entryBytes;
        }

        if (part.Entries_.Count > 0)
            yield return part.ToByteArray();
    }

    /// <summary>Decodes a part and checks every field as on input. Copies what it keeps of it.</summary>
    /// <param name="part">The part.</param>
    /// <param name="after">The last key of the part before; the default one for the first part.</param>
    /// <param name="revisionMax">The revision of the checkpoint.</param>
    /// <returns>The entries in key order; at least one.</returns>
    /// <exception cref="RecordFormatException">It is not a part, or an entry is not valid or not in order.</exception>
    public static Entry[] Decode(ReadOnlyMemory<byte> part, Key after = default, long revisionMax = StoredFields.RevisionMax)
    {
        var message = Wire.Parse(PartParser, part.Span);
        Wire.CheckWhole(message, part.Length);
        Wire.Check(message.Entries_.Count > 0, "it has no entries");
        var entries = new Entry[message.Entries_.Count];
        for (var i = 0; i < entries.Length; i++)
        {
            entries[i] = Decode(message.Entries_[i], revisionMax);
            Wire.Check(after.CompareTo(entries[i].Key) < 0, "its entries are not in key order");
            after = entries[i].Key;
        }

        return entries;
    }

    private static Records.Entry Encode(Entry entry)
    {
        var message = new Records.Entry
        {
            Key = Wire.Bytes(entry.Key),
            Value = Wire.Bytes(entry.Value),
            ContentType = entry.IsMergeable ? "" : entry.ContentType,
            IsMergeable = entry.IsMergeable,
            CreatedRevision = entry.CreatedRevision,
            Revision = entry.Revision,
            Version = entry.Version,
            ModifiedAt = entry.ModifiedAtMilliseconds,
        };
        if (entry.ExpiresAtMilliseconds is not Entry.Never and var expiresAt)
            message.ExpiresAt = expiresAt;
        return message;
    }

    private static Entry Decode(Records.Entry message, long revisionMax)
    {
        var key = message.Key.Span;
        var value = message.Value.Span;
        var problem = Key.Check(key, EntryLayout.KeyBytesMax);
        if (problem != KeyProblem.None && ReservedKeys.KindOf(key) == ReservedKind.None)
            throw new RecordFormatException($"A key is not valid ({problem}).");
        Wire.Check(!message.IsMergeable || message.ContentType.Length == 0, "a mergeable value has another content type");
        var contentType = message.IsMergeable ? Entry.MergeableContentType : Wire.CheckContentType(message.ContentType);
        var expiresAt = Wire.ExpiryOf(message.HasExpiresAt, message.ExpiresAt);
        if (StoredFields.FindProblem([], value.Length, message.CreatedRevision, message.Revision, message.Version, message.ModifiedAt, expiresAt) is { } field)
            throw new RecordFormatException($"The entry of key {Encoding.UTF8.GetString(key)} is not valid: {field}.");
        Wire.Check(message.Revision <= revisionMax, "an entry is newer than the checkpoint");
        if (ReservedRecords.FindProblem(key, value) is { } record)
            throw new RecordFormatException($"An entry is stored {record}.");
        return Entry.Create(key, value, contentType, message.CreatedRevision, message.Revision, message.Version, message.ModifiedAt, expiresAt);
    }
}
