using Google.Protobuf;

namespace KvStore.Etcd;

/// <summary>Parts of large records that have arrived before their records. Owned by the thread that applies records.</summary>
internal sealed class RecordParts
{
    private readonly Dictionary<ulong, Unfinished> _byWriter = [];

    /// <summary>
    /// Keeps a part. A writer sends one record after the other, so the parts of an earlier one will not be needed any more: they make room for those of a
    /// later one, and one that was delayed on its way to etcd, until its writer had given it up and begun another record, is not kept.
    /// </summary>
    public void Add(RecordId id, int part, ByteString value, long revision)
    {
        if (!_byWriter.TryGetValue(id.Writer, out var unfinished) || unfinished.Id.Number < id.Number)
            _byWriter[id.Writer] = unfinished = new Unfinished(id);
        if (unfinished.Id != id)
            return;
        unfinished.Parts[part] = value;
        unfinished.Revision = revision;
    }

    /// <summary>Whether all parts of a record are here. A watch that has lost one is followed by a list.</summary>
    public bool Has(RecordId id, ByteString value) => value.IsEmpty || value[0] != (byte)RecordKind.Parts ||
        (_byWriter.TryGetValue(id.Writer, out var unfinished) && unfinished.Id == id && unfinished.Parts.Count == RecordEnvelope.Open(value).PartCount);

    /// <summary>Joins the content of a record from its parts, and forgets them.</summary>
    /// <exception cref="RecordFormatException">A part is missing.</exception>
    public ReadOnlyMemory<byte> Take(RecordId id, RecordEnvelope envelope)
    {
        _byWriter.Remove(id.Writer, out var unfinished);
        if (envelope.Kind != RecordKind.Parts)
            return envelope.Content;
        if (unfinished is null || unfinished.Id != id || unfinished.Parts.Count != envelope.PartCount)
            throw new RecordFormatException($"The record {id.Writer:x16}/{id.Number} has {envelope.PartCount} parts, of which some are missing.");
        var whole = new byte[unfinished.Parts.Values.Sum(part => part.Length)];
        var length = 0;
        for (var part = 0; part < envelope.PartCount; part++)
        {
            if (!unfinished.Parts.TryGetValue(part, out var bytes))
                throw new RecordFormatException($"The record {id.Writer:x16}/{id.Number} has no part {part}.");
            bytes.Span.CopyTo(whole.AsSpan(length));
            length += bytes.Length;
        }

        return whole;
    }

    /// <summary>Forgets parts whose writers have ended, or failed to write their records: those at or below a revision of etcd.</summary>
    public void RemoveUpTo(long revision)
    {
        foreach (var (writer, unfinished) in _byWriter)
        {
            if (unfinished.Revision <= revision)
                _byWriter.Remove(writer);
        }
    }

    private sealed class Unfinished(RecordId id)
    {
        public RecordId Id => id;

        public Dictionary<int, ByteString> Parts { get; } = [];

        public long Revision { get; set; }
    }
}
