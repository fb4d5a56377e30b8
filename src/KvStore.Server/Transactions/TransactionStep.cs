namespace KvStore.Server;

/// <summary>What an operation of a transaction does.</summary>
internal enum StepKind
{
    /// <summary>Stores an entry.</summary>
    Put,

    /// <summary>Removes an entry, if there is one.</summary>
    Delete,

    /// <summary>Reads an entry as it is before the transaction.</summary>
    Get,

    /// <summary>Gives an entry another key.</summary>
    Move,
}

/// <summary>An operation of a transaction.</summary>
/// <param name="Kind">What it does.</param>
/// <param name="Key">The key; of a move, the one that loses its entry.</param>
/// <param name="Operation">The change; null for a get.</param>
internal readonly record struct TransactionStep(StepKind Kind, Key Key, Operation? Operation)
{
    /// <summary>Of a move: the key that gets the entry.</summary>
    public Key To => ((Move)Operation!).To;

    /// <summary>The member that asks for a kind.</summary>
    public static string NameOf(StepKind kind) => kind switch
    {
        StepKind.Put => "put",
        StepKind.Delete => "delete",
        StepKind.Get => "get",
        _ => "move",
    };
}
