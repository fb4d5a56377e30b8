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
        /// <summary>The changes of the commit; none without one.</summary>
        public ReadOnlySpan<EntryChange> Changes => committed.Commit is null ? [] : committed.Commit.Changes;
    }
}
