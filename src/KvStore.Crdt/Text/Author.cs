namespace KvStore.Crdt;

/// <summary>A replica as the author of a text: what it inserted and what it deleted.</summary>
internal sealed class Author(ReplicaId id)
{
    public ReplicaId Id { get; } = id;

    public BlockIndex Blocks { get; } = new(id);

    public DeletionLog Deletions { get; } = new();
}
