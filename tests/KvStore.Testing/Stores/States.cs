namespace KvStore.Testing;

/// <summary>Everything of a state as text, so that two can be compared and a difference can be read.</summary>
internal static class States
{
    public static string Describe(Entry? present) => present is not { } entry
        ? "(absent)"
        : $"{entry.Key}={entry.Text()} {entry.ContentType} {entry.CreatedRevision} {entry.Revision} {entry.Version} {entry.ModifiedAtMilliseconds} {entry.ExpiresAtMilliseconds}";

    public static string Describe(Snapshot snapshot) =>
        $"revision {snapshot.Revision}, {snapshot.Count} entries, {snapshot.Bytes} bytes\n{string.Join('\n', snapshot.Scan(default).Select(entry => Describe(entry)))}";
}
