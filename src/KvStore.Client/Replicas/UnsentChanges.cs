using KvStore.Crdt;

namespace KvStore.Client;

/// <summary>A change, by the number of changes of its replica after it.</summary>
internal readonly record struct ChangeName(ReplicaId Replica, ulong Sequence)
{
    public bool IsIn(VersionVector version) => version[Replica] >= Sequence;

    public void Write(BinaryWriter writer)
    {
        writer.Write(Replica.Value);
        writer.Write(Sequence);
    }

    public static ChangeName Read(BinaryReader reader) => new(new(reader.ReadUInt64()), reader.ReadUInt64());
}

/// <summary>The last change of an element of a set.</summary>
/// <param name="Name">Which change it is.</param>
/// <param name="Context">What a removal has seen; null for an addition.</param>
internal readonly record struct ElementChange(ChangeName Name, VersionVector? Context);

/// <summary>
/// What this replica did that the service may not have, so that it can be repeated under another id. Of a text nothing is kept here, because the replica itself has it. Numbers are added up
/// unless some of them have been sent or saved, and of an element only the last change counts.
/// </summary>
internal sealed class UnsentChanges
{
    private readonly List<(ChangeName Name, long Amount)> _amounts = [];
    private readonly Dictionary<string, ElementChange> _elements = new(StringComparer.Ordinal);
    private long _characters;
    private bool _isInRun;

    /// <summary>About how much memory it takes.</summary>
    public long MemoryBytes => (32L * _amounts.Count) + (300L * _elements.Count) + (2 * _characters);

    /// <summary>The service may get what was done so far, and not what is done from now on.</summary>
    public void EndRun() => _isInRun = false;

    /// <summary>Notes an increment.</summary>
    public void Add(ChangeName name, long amount)
    {
        if (_isInRun && _amounts is [.., var last] && last.Name.Replica == name.Replica && CanAdd(last.Amount, amount))
            _amounts[^1] = (name, last.Amount + amount);
        else
            _amounts.Add((name, amount));
        _isInRun = true;
    }

    /// <summary>Notes the last change of an element.</summary>
    public void Set(string element, ElementChange change)
    {
        if (!_elements.ContainsKey(element))
            _characters += element.Length;
        _elements[element] = change;
    }

    /// <summary>Forgets what the service has.</summary>
    public void Forget(VersionVector known)
    {
        _amounts.RemoveAll(change => change.Name.IsIn(known));
        foreach (var (element, change) in _elements)
        {
            if (change.Name.IsIn(known) && _elements.Remove(element))
                _characters -= element.Length;
        }
    }

    /// <summary>Repeats changes on another replica.</summary>
    /// <param name="after">How many changes of an id are not repeated.</param>
    /// <param name="target">What makes them.</param>
    /// <exception cref="OverflowException">A number would leave 64 bits.</exception>
    public void RepeatOn(Func<ReplicaId, ulong> after, LocalReplica target)
    {
        foreach (var (_, amount) in _amounts.Where(change => IsNew(change.Name)))
        {
            if (target.Increment(amount) == IntentOutcome.Overflow)
                throw new OverflowException("What was not sent cannot be repeated: the number would leave 64 bits.");
        }

        foreach (var (element, change) in _elements.Where(change => IsNew(change.Value.Name)))
            target.Change(change.Context is null ? [element] : [], change.Context is null ? [] : [element], change.Context);

        bool IsNew(ChangeName name) => name.Sequence > after(name.Replica);
    }

    public void Write(BinaryWriter writer)
    {
        writer.Write7BitEncodedInt(_amounts.Count);
        foreach (var (name, amount) in _amounts)
        {
            name.Write(writer);
            writer.Write(amount);
        }

        writer.Write7BitEncodedInt(_elements.Count);
        foreach (var (element, change) in _elements)
        {
            writer.Write(element);
            change.Name.Write(writer);
            writer.Write(change.Context?.ToString() ?? "");
        }
    }

    public static UnsentChanges Read(BinaryReader reader)
    {
        var unsent = new UnsentChanges();
        for (var count = reader.Read7BitEncodedInt(); count > 0; count--)
            unsent._amounts.Add((ChangeName.Read(reader), reader.ReadInt64()));
        for (var count = reader.Read7BitEncodedInt(); count > 0; count--)
        {
            var (element, name, context) = (reader.ReadString(), ChangeName.Read(reader), reader.ReadString());
            unsent.Set(element, new(name, context.Length == 0 ? null : VersionVector.TryParse(context) ?? throw new FormatException("It has no version.")));
        }

        return unsent;
    }

    private static bool CanAdd(long one, long other)
    {
        var sum = (Int128)one + other;
        return sum >= long.MinValue && sum <= long.MaxValue;
    }
}
