namespace KvStore.Crdt;

/// <summary>What a mergeable value is. The numbers are those of docs/crdt-format.md.</summary>
public enum CrdtType
{
    /// <summary>No type.</summary>
    None = 0,

    /// <summary>A number that only grows.</summary>
    GCounter = 1,

    /// <summary>A number that grows and shrinks.</summary>
    PNCounter = 2,

    /// <summary>A set that only grows.</summary>
    GSet = 3,

    /// <summary>A set with removal. If an element is added and removed at once, it stays.</summary>
    ORSet = 4,

    /// <summary>A text that is edited together.</summary>
    Text = 5,
}
