using KvStore.Crdt;

namespace KvStore.Client;

/// <summary>
/// What this replica did that the service may not have, so that it can be repeated under another id. Of a text nothing is kept here, because the replica itself has it. Bounded: numbers are added up
/// unless some of them have been sent, and of an element only the last change counts.
/// </summary>
internal sealed class UnsentChanges
{
    private readonly List<(ulong Sequence, long Amount)> _amounts = [];
    private readonly Dictionary<string, ElementChange> _elements = new(StringComparer.Ordinal);
    private long _characters;

    /// <summary>About how much memory it takes.</summary>
    public long MemoryBytes => (16L * _amounts.Count) + (300L * _elements.Count) + (2 * _characters);

    /// <summary>Notes an increment.</summary>
    /// <param name="sequence">The number of changes of this replica after it.</param>
    /// <param name="amount">How much.</param>
    /// <param name="sent">How many of them may have been sent.</param>
    public void Add(ulong sequence, long amount, ulong sent)
    {
        if (_amounts is [.., var last] && last.Sequence > sent && CanAdd(last.Amount, amount))
        {
            _amounts[^1] = (sequence, last.Amount + amount);
            return;
        }

        _amounts.Add((sequence, amount));
    }

    /// <summary>Notes the last change of an element.</summary>
    public void Set(string element, ElementChange change)
    {
        if (!_elements.ContainsKey(element))
            _characters += element.Length;
        _elements[element] = change;
    }

    /// <summary>Forgets what the service has.</summary>
    /// <param name="sequence">How many changes of this replica it has.</param>
    public void Forget(ulong sequence)
    {
        _amounts.RemoveAll(change => change.Sequence <= sequence);
        foreach (var (element, change) in _elements)
        {
            if (change.Sequence <= sequence && _elements.Remove(element))
                _characters -= element.Length;
        }
    }

    /// <summary>Repeats changes on another replica, and notes them as its own.</summary>
    /// <param name="after">The number of changes not to repeat.</param>
    /// <param name="target">What makes them.</param>
    public void RepeatOn(ulong after, LocalReplica target)
    {
        foreach (var (_, amount) in _amounts.Where(change => change.Sequence > after))
            target.Increment(amount);
        foreach (var (element, change) in _elements.Where(change => change.Value.Sequence > after).OrderBy(change => change.Value.Sequence))
        {
            if (change.IsAddition)
                target.Change([element], [], null);
            else
                target.Change([], [element], change.Context);
        }
    }

    public void Write(BinaryWriter writer)
    {
        writer.Write7BitEncodedInt(_amounts.Count);
        foreach (var (sequence, amount) in _amounts)
        {
            writer.Write(sequence);
            writer.Write(amount);
        }

        writer.Write7BitEncodedInt(_elements.Count);
        foreach (var (element, change) in _elements)
        {
            writer.Write(element);
            writer.Write(change.Sequence);
            writer.Write(change.Context?.ToString() ?? "");
        }
    }

    public static UnsentChanges Read(BinaryReader reader)
    {
        var unsent = new UnsentChanges();
        for (var count = reader.Read7BitEncodedInt(); count > 0; count--)
            unsent.Add(reader.ReadUInt64(), reader.ReadInt64(), ulong.MaxValue);
        for (var count = reader.Read7BitEncodedInt(); count > 0; count--)
        {
            var element = reader.ReadString();
            var sequence = reader.ReadUInt64();
            var context = reader.ReadString();
            unsent.Set(element, new(sequence, context.Length == 0 ? null : VersionVector.TryParse(context) ?? throw new FormatException("It has no version.")));
        }

        return unsent;
    }

    private static bool CanAdd(long one, long other)
    {
        var sum = (Int128)one + other;
        return sum >= long.MinValue && sum <= long.MaxValue;
    }
}

/// <summary>The last change of an element of a set.</summary>
/// <param name="Sequence">The number of changes of the replica after it.</param>
/// <param name="Context">What a removal has seen; null for an addition.</param>
internal readonly record struct ElementChange(ulong Sequence, VersionVector? Context)
{
    public bool IsAddition => Context is null;
}
