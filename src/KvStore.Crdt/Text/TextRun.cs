namespace KvStore.Crdt;

/// <summary>What a run of changes is. The numbers are those of docs/crdt-format.md.</summary>
internal enum TextRunKind : byte
{
    InsertRight = 0,
    InsertLeft = 1,
    InsertAtStart = 2,
    DeleteUpwards = 3,
    DeleteDownwards = 4,
    Gap = 5,
}

/// <summary>Consecutive changes of one author in a delta.</summary>
/// <param name="Kind">What they are.</param>
/// <param name="First">The sequence of the first one.</param>
/// <param name="Length">How many there are.</param>
/// <param name="Reference">The author, by its place in the header, of the parent of the first inserted element, or of the first deleted one.</param>
/// <param name="ReferenceSequence">The sequence of that element.</param>
/// <param name="Content">Where the scalars of those inserted elements that the sender does not know to be deleted begin.</param>
internal readonly record struct TextRun(TextRunKind Kind, ulong First, ulong Length, int Reference, ulong ReferenceSequence, int Content)
{
    public const int Kinds = 6;

    /// <summary>The most changes of a run, because a number has 53 bits and three of them say the kind.</summary>
    public const ulong LengthMax = 1UL << 50;

    public ulong Last => First + Length - 1;

    public bool IsInsertion => Kind <= TextRunKind.InsertAtStart;

    public bool IsDeletion => Kind is TextRunKind.DeleteUpwards or TextRunKind.DeleteDownwards;

    public DotRun Targets => Kind == TextRunKind.DeleteUpwards
        ? new(ReferenceSequence, ReferenceSequence + Length - 1)
        : new(ReferenceSequence - Length + 1, ReferenceSequence);
}
