using System.Text;

namespace KvStore.Crdt;

/// <summary>Writes what a delta of a text has after its header. Runs are as long as they can be, however the changes arrived.</summary>
internal ref struct TextDeltaWriter
{
    private readonly DeltaHeader _header;
    private readonly ulong[] _cursors;
    private readonly TextTree _tree;
    private readonly DeltaWriter _writer;
    private readonly DeltaWriter _content = new();

    private TextDeltaWriter(TextTree tree, DeltaHeader header, DeltaWriter writer)
    {
        _tree = tree;
        _writer = writer;
        _header = header;
        _cursors = new ulong[header.Intervals.Length];
    }

    public static void Write(TextTree tree, DeltaHeader header, TextCollection collected, DeltaWriter writer)
    {
        var text = new TextDeltaWriter(tree, header, writer);
        foreach (var (replica, from, to) in header.Intervals)
            text.WriteAuthor(tree.FindAuthor(replica), from, to);
        writer.WriteNumber((ulong)text._content.Written.Length);
        writer.Write(text._content.Written);
        if (header.Collection is not null)
            collected.Write(writer);
    }

    /// <summary>The authors that changes of one since a sequence refer to, some more than once.</summary>
    public static List<ReplicaId> ReferredSince(Author author, ulong from)
    {
        var referred = new List<ReplicaId>();
        for (var block = author.Blocks.FirstFrom(from + 1); block is not null; block = author.Blocks.FirstFrom(block.Last + 1))
            AddReferred(referred, block.First > from ? block.ParentAuthor : author);
        for (var i = author.Deletions.IndexFrom(from + 1); i < author.Deletions.Runs.Count; i++)
            AddReferred(referred, author.Deletions.Runs[i].Target);
        return referred;
    }

    private static void AddReferred(List<ReplicaId> referred, Author? author)
    {
        if (author is not null && (referred.Count == 0 || referred[^1] != author.Id))
            referred.Add(author.Id);
    }

    private readonly void WriteAuthor(Author? author, ulong from, ulong to)
    {
        var next = from + 1;
        var block = author?.Blocks.FirstFrom(next);
        var deletion = author?.Deletions.IndexFrom(next) ?? 0;
        while (next <= to)
        {
            var deleted = author?.Deletions.At(deletion) ?? default;
            if (block is not null && block.First <= next)
            {
                next = WriteInsertions(author!, ref block, next);
            }
            else if (deleted.Length > 0 && deleted.First <= next)
            {
                var last = Math.Min(Math.Min(deleted.Last, to), next + TextRun.LengthMax - 1);
                WriteDeletions(author!, deleted.Clip(next, last));
                next = last + 1;
                deletion += deleted.Last < next ? 1 : 0;
            }
            else
            {
                var end = Math.Min(block?.First ?? (to + 1), deleted.Length > 0 ? deleted.First : to + 1);
                end = Math.Min(end, next + TextRun.LengthMax);
                WriteHead(TextRunKind.Gap, end - next);
                next = end;
            }
        }
    }

    // A chain of blocks is one run: how it was split since does not matter.
    private readonly ulong WriteInsertions(Author author, ref Block? block, ulong first)
    {
        var (parentAuthor, parentSequence, side) = first > block!.First ? (author, first - 1, Side.Right) : (block.ParentAuthor, block.ParentSequence, block.Side);
        var next = first;
        do
        {
            if (!block.IsDeleted)
                WriteContent(_tree.Scalars.Of(block)[(int)(next - block.First)..]);
            next = block.Last + 1;
            block = author.Blocks.FirstFrom(next);
        }
        while (block is not null && block.First == next && block.ParentAuthor == author && block.ParentSequence == next - 1 && block.Side == Side.Right &&
            block.Last - first < int.MaxValue);

        if (parentAuthor is null)
        {
            WriteHead(TextRunKind.InsertAtStart, next - first);
        }
        else
        {
            WriteHead(side == Side.Left ? TextRunKind.InsertLeft : TextRunKind.InsertRight, next - first);
            WriteReference(author, parentAuthor, parentSequence, parentSequence);
        }

        _cursors[_header.PlaceOf(author.Id)] = next - 1;
        return next;
    }

    private readonly void WriteDeletions(Author author, DeletionRun run)
    {
        WriteHead(run.Step > 0 ? TextRunKind.DeleteUpwards : TextRunKind.DeleteDownwards, (ulong)run.Length);
        WriteReference(author, run.Target, run.TargetFirst, run.Step > 0 ? run.Targets.Last : run.Targets.First);
    }

    private readonly void WriteHead(TextRunKind kind, ulong length) => _writer.WriteNumber(((length - 1) << 3) | (ulong)kind);

    private readonly void WriteReference(Author author, Author referred, ulong sequence, ulong cursor)
    {
        var place = _header.PlaceOf(referred.Id);
        var distance = DeltaWriter.FromSigned((long)(sequence - _cursors[place])) << 1;
        _cursors[place] = cursor;
        if (referred == author)
        {
            _writer.WriteNumber(distance);
            return;
        }

        _writer.WriteNumber(distance | 1);
        _writer.WriteNumber((ulong)place);
    }

    private readonly void WriteContent(ReadOnlySpan<int> scalars)
    {
        Span<byte> utf8 = stackalloc byte[4];
        foreach (var scalar in scalars)
        {
            if (scalar < 0x80)
                _content.Write((byte)scalar);
            else
                _content.Write(utf8[..new Rune(scalar).EncodeToUtf8(utf8)]);
        }
    }
}
