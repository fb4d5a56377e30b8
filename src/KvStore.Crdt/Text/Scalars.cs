using System.Runtime.InteropServices;
using System.Text;

namespace KvStore.Crdt;

/// <summary>The scalars of all blocks in one array. What is deleted stays until there is more of it than of the rest.</summary>
internal sealed class Scalars
{
    private const int GarbageMin = 4096;

    private List<int> _values = [];
    private int _garbage;

    public int Count => _values.Count;

    public long MemoryBytes => _values.Capacity * (long)sizeof(int);

    public ReadOnlySpan<int> Of(Block block) => CollectionsMarshal.AsSpan(_values).Slice(block.Content, block.Length);

    public void Add(ReadOnlySpan<int> scalars) => _values.AddRange(scalars);

    /// <summary>Notes that scalars are of no more use.</summary>
    public void Release(int count, Block start)
    {
        _garbage += count;
        if (_garbage < GarbageMin || _garbage < _values.Count / 2)
            return;
        var kept = new List<int>(_values.Count - _garbage + GarbageMin);
        for (var block = start.Next; block is not null; block = block.Next)
        {
            if (block.IsDeleted)
                continue;
            var content = kept.Count;
            kept.AddRange(Of(block));
            block.Content = content;
        }

        (_values, _garbage) = (kept, 0);
    }

    /// <summary>The scalars of a text.</summary>
    /// <returns>Null if it has half a surrogate pair.</returns>
    public static int[]? TryDecode(ReadOnlySpan<char> text)
    {
        var scalars = new int[text.Length];
        var count = 0;
        while (!text.IsEmpty)
        {
            if (Rune.DecodeFromUtf16(text, out var rune, out var consumed) != System.Buffers.OperationStatus.Done)
                return null;
            scalars[count++] = rune.Value;
            text = text[consumed..];
        }

        return count == scalars.Length ? scalars : scalars[..count];
    }

    /// <summary>Finds why edits cannot be made in a text of some length.</summary>
    /// <param name="edits">The edits.</param>
    /// <param name="length">The length.</param>
    /// <param name="inserted">What each edit inserts, if they can be made.</param>
    public static IntentOutcome? FindFault(IReadOnlyList<TextEdit> edits, long length, out int[][] inserted)
    {
        inserted = new int[edits.Count][];
        if (length > int.MaxValue)
            return IntentOutcome.OutOfRange;
        for (var i = 0; i < inserted.Length; i++)
        {
            var (at, insert, deleted) = edits[i];
            if (at < 0 || deleted < 0 || at > length - deleted)
                return IntentOutcome.OutOfRange;
            if (TryDecode(insert) is not { } scalars)
                return IntentOutcome.InvalidText;
            inserted[i] = scalars;
            length += scalars.Length - deleted;
        }

        return null;
    }

    public static void AppendTo(StringBuilder text, ReadOnlySpan<int> scalars)
    {
        foreach (var scalar in scalars)
        {
            if (scalar <= char.MaxValue)
                text.Append((char)scalar);
            else
                text.Append(char.ConvertFromUtf32(scalar));
        }
    }
}
