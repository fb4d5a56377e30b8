using System.Text;

namespace KvStore.Crdt.Tests;

/// <summary>Makes deltas of a text that no replica would make, run by run, as docs/crdt-format.md says.</summary>
internal sealed class HostileText(ulong lineage)
{
    private readonly SortedDictionary<ulong, Author> _authors = [];
    private readonly StringBuilder _content = new();

    /// <summary>Adds a run of changes. Insertions of one character have content, unless this delta deletes them.</summary>
    /// <returns>The sequence of its first change.</returns>
    public ulong Add(ulong author, TextRunKind kind, ulong ofAuthor = 0, ulong sequence = 0, ulong length = 1, bool hasContent = true)
    {
        if (!_authors.TryGetValue(author, out var of))
            _authors.Add(author, of = new Author());
        of.Runs.Add((kind, length, ofAuthor, sequence));
        of.Last += length;
        if (hasContent && kind <= TextRunKind.InsertAtStart)
            _content.Append('x');
        return of.Last - length + 1;
    }

    public byte[] Encode(ulong epoch = 0, Collection? collection = null)
    {
        var writer = new DeltaWriter();
        new DeltaHeader(CrdtType.Text, lineage, epoch, collection, [.. _authors.Select(author => new Interval(new ReplicaId(author.Key), 0, author.Value.Last))]).Write(writer);
        var places = _authors.Keys.Select((author, place) => (author, place)).ToDictionary(pair => pair.author, pair => pair.place);
        var cursors = new ulong[places.Count];
        foreach (var (author, of) in _authors)
        {
            var next = 1UL;
            foreach (var run in of.Runs)
            {
                writer.WriteNumber(((run.Length - 1) << 3) | (ulong)run.Kind);
                if (run.Kind is not (TextRunKind.InsertAtStart or TextRunKind.Gap))
                {
                    var distance = DeltaWriter.FromSigned((long)(run.Sequence - cursors[places[run.Author]])) << 1;
                    writer.WriteNumber(run.Author == author ? distance : distance | 1);
                    if (run.Author != author)
                        writer.WriteNumber((ulong)places[run.Author]);
                    cursors[places[run.Author]] = run.Kind switch
                    {
                        TextRunKind.DeleteUpwards => run.Sequence + run.Length - 1,
                        TextRunKind.DeleteDownwards => run.Sequence - run.Length + 1,
                        _ => run.Sequence,
                    };
                }

                next += run.Length;
                if (run.Kind <= TextRunKind.InsertAtStart)
                    cursors[places[author]] = next - 1;
            }
        }

        writer.Write(_content.ToString());
        if (collection is not null)
        {
            writer.Write(VersionVector.Empty);
            writer.Write(VersionVector.Empty);
        }

        return writer.Written.ToArray();
    }

    private sealed class Author
    {
        public List<(TextRunKind Kind, ulong Length, ulong Author, ulong Sequence)> Runs { get; } = [];

        public ulong Last { get; set; }
    }
}
