namespace KvStore.Testing;

internal static class CoreExtensions
{
    extension(Entry)
    {
        /// <summary>Makes an entry of a key and a value; both are copied.</summary>
        public static Entry Create(
            Key key, ReadOnlyMemory<byte> value, string contentType, long createdRevision, long revision, long version, long modifiedAtMilliseconds,
            long expiresAtMilliseconds = Entry.Never) =>
            Entry.Create(key.Utf8, value.Span, contentType, createdRevision, revision, version, modifiedAtMilliseconds, expiresAtMilliseconds);
    }

    extension(Outcome.Committed committed)
    {
        /// <summary>The changes of the commit, with those that are not apart; none without one.</summary>
        public ReadOnlySpan<EntryChange> Changes => committed.Commit is null ? [] : committed.Commit.AllChanges;
    }

    extension(Commit commit)
    {
        /// <summary>What it deleted by prefix, as a change for each entry, and its other changes.</summary>
        public EntryChange[] AllChanges =>
            [.. commit.Deleted?.Scan(default).Select(entry => new EntryChange(entry, null)) ?? [], .. commit.Changes];
    }
}
