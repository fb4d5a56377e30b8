namespace KvStore.Crdt;

/// <summary>What the collections of a text have come to.</summary>
/// <param name="Dropped">Elements that this version knows to be deleted are dropped, unless they have children.</param>
/// <param name="Condemned">Elements that this version knows to be deleted get no more children. Its epoch is the one in which that was said.</param>
internal sealed record TextCollection(VersionVector Dropped, VersionVector Condemned)
{
    public static TextCollection None { get; } = new(VersionVector.Empty, VersionVector.Empty);

    public static TextCollection Read(ref DeltaReader reader) => new(reader.ReadVersion(), reader.ReadVersion());

    public void Write(DeltaWriter writer)
    {
        writer.Write(Dropped);
        writer.Write(Condemned);
    }

    public TextCollection Without(IReadOnlySet<ReplicaId> replicas) => new(Dropped.Without(replicas), Condemned.Without(replicas));
}
