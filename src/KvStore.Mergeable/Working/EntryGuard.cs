namespace KvStore.Mergeable;

/// <summary>The guards of commits on the entries that they were made for.</summary>
internal static class EntryGuard
{
    /// <summary>Passes if the key still has the entry.</summary>
    public static Guard Of(Key key, Entry? entry) => entry is { } present ? Guard.RevisionIn(key, present.Revision) : Guard.Absent(key);

    /// <summary>Whether two guards require the same. A log that stores transactions has its own copies of guards.</summary>
    public static bool IsSame(Guard left, Guard right) =>
        left.Kind == right.Kind && left.Key.Equals(right.Key) && left.EndMilliseconds == right.EndMilliseconds && left.Revisions.SequenceEqual(right.Revisions);
}
