namespace KvStore.Testing;

/// <summary>Finds old revisions in tests whose stores are small, so that nothing waits.</summary>
internal static class OldRevisions
{
    /// <summary>The state at a revision; null if there is none.</summary>
    public static Snapshot? FindSnapshot(this SnapshotPublisher publisher, long revision) => Completed(publisher.FindSnapshotAsync(revision, CancellationToken.None));

    /// <summary>Whether there is a state at a revision.</summary>
    public static bool TryGetSnapshot(this Store store, long revision, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Snapshot? snapshot)
    {
        snapshot = Completed(store.FindSnapshotAsync(revision, CancellationToken.None));
        return snapshot is not null;
    }

    // Undoing many commits yields between them.
    private static Snapshot? Completed(ValueTask<SnapshotRead> finding)
    {
#pragma warning disable RS0030 // A test's own thread may block.
        var found = finding.AsTask().GetAwaiter().GetResult();
#pragma warning restore RS0030
        Assert.False(found.IsOverloaded);
        return found.Snapshot;
    }
}
