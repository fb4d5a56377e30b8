namespace KvStore.Mergeable;

/// <summary>What a client asks of a mergeable value: one change, and what it wants to know. Immutable.</summary>
/// <param name="Change">The change; null only to ask and to acknowledge.</param>
public sealed record MergeRequest(MergeChange? Change)
{
    /// <summary>The type to create the value with if it is absent, and that it must have if it is there; null not to create it.</summary>
    public CrdtType? Type { get; init; }

    /// <summary>What the client has, with its own changes, so that the result has what it lacks; null to ask for nothing.</summary>
    public VersionVector? Since { get; init; }

    /// <summary>The client's replica, whose acknowledgement <see cref="Since"/> then is; null for a client that keeps none.</summary>
    public ReplicaId? Replica { get; init; }

    /// <summary>The lineage of the client's replica, which must be that of the value; null if the client does not say.</summary>
    public ulong? Lineage { get; init; }

    /// <summary>The store that collects, for a value that this creates or that was created in two stores; null for this store.</summary>
    public ulong? Hub { get; init; }

    /// <summary>What becomes of the expiry.</summary>
    public ExpiryUpdate Expiry { get; init; }

    /// <summary>Conditions on entries, such as those of If-Match.</summary>
    public ImmutableArray<Guard> Guards { get; init; } = [];

    /// <summary>Makes the request safe to repeat; null when it is not.</summary>
    public Idempotency? Idempotency { get; init; }
}

/// <summary>A change of a mergeable value. One of the nested types.</summary>
public abstract record MergeChange
{
    private MergeChange()
    {
    }

    /// <summary>Adds to a counter.</summary>
    /// <param name="Amount">How much; less than 0 only for a counter that can shrink; 0 only creates it.</param>
    public sealed record Increment(long Amount) : MergeChange;

    /// <summary>Adds to and removes from a set.</summary>
    /// <param name="Add">What is added.</param>
    /// <param name="Remove">What is removed.</param>
    /// <param name="Context">What the removals have seen; null for all that the store has.</param>
    public sealed record Elements(IReadOnlyList<string> Add, IReadOnlyList<string> Remove, VersionVector? Context) : MergeChange;

    /// <summary>Edits a text.</summary>
    /// <param name="List">The edits, in order.</param>
    /// <param name="Base">The version that their positions are of; null for the present one.</param>
    public sealed record Edits(IReadOnlyList<MergeEdit> List, VersionVector? Base) : MergeChange;

    /// <summary>Merges what another replica did.</summary>
    /// <param name="Bytes">A state or a delta, of which nothing is known.</param>
    public sealed record Delta(ReadOnlyMemory<byte> Bytes) : MergeChange;
}

/// <summary>One edit of a text, at a position in Unicode scalars, counted as the edits before it left the text.</summary>
/// <param name="At">The position.</param>
/// <param name="Insert">What is inserted there; null for nothing.</param>
/// <param name="Delete">How many characters are deleted there, before the insertion.</param>
public readonly record struct MergeEdit(int At, string? Insert, int Delete);
