namespace KvStore;

/// <summary>What a guard requires of its key.</summary>
public enum GuardKind
{
    /// <summary>The key has an entry.</summary>
    Exists,

    /// <summary>The key has no entry.</summary>
    Absent,

    /// <summary>The key has an entry whose revision is one of those listed.</summary>
    RevisionIn,

    /// <summary>The key has no entry, or one whose revision is not listed.</summary>
    RevisionNotIn,

    /// <summary>The key has an entry that was last written in the second of a time, or before.</summary>
    UnmodifiedSince,
}

/// <summary>A condition on one key. A transaction commits only if all of its guards pass in the state before it. Immutable.</summary>
public sealed class Guard
{
    private Guard(Key key, GuardKind kind, ImmutableArray<long> revisions, long endMilliseconds = 0) =>
        (Key, Kind, Revisions, EndMilliseconds) = (key, kind, revisions.IsDefault ? [] : revisions, endMilliseconds);

    /// <summary>The key.</summary>
    public Key Key { get; }

    /// <summary>What is required of it.</summary>
    public GuardKind Kind { get; }

    /// <summary>The revisions of <see cref="GuardKind.RevisionIn"/> and <see cref="GuardKind.RevisionNotIn"/>; else empty.</summary>
    public ImmutableArray<long> Revisions { get; }

    /// <summary>The end of the second of <see cref="GuardKind.UnmodifiedSince"/>, in milliseconds since 1970-01-01 UTC; else 0.</summary>
    internal long EndMilliseconds { get; }

    /// <summary>Bytes that the guard holds while it is queued.</summary>
    internal long Bytes => Key.Length + (sizeof(long) * Revisions.Length);

    /// <summary>Passes if the key has an entry.</summary>
    public static Guard Exists(Key key) => new(key, GuardKind.Exists, []);

    /// <summary>Passes if the key has no entry.</summary>
    public static Guard Absent(Key key) => new(key, GuardKind.Absent, []);

    /// <summary>Passes if the key has an entry with one of these revisions; never, if none is listed.</summary>
    public static Guard RevisionIn(Key key, params ImmutableArray<long> revisions) => new(key, GuardKind.RevisionIn, revisions);

    /// <summary>Passes if the key has no entry with one of these revisions.</summary>
    public static Guard RevisionNotIn(Key key, params ImmutableArray<long> revisions) => new(key, GuardKind.RevisionNotIn, revisions);

    /// <summary>
    /// Passes if the key has an entry that was last written in the second of this time, or before. Clocks may go back, and an entry may be written
    /// twice in a second: prefer <see cref="RevisionIn"/>.
    /// </summary>
    public static Guard UnmodifiedSince(Key key, DateTimeOffset time) => ModifiedBefore(key, (time.ToUnixTimeSeconds() + 1) * 1000);

    /// <summary>The guard of <see cref="GuardKind.UnmodifiedSince"/> with an <see cref="EndMilliseconds"/>.</summary>
    internal static Guard ModifiedBefore(Key key, long endMilliseconds) => new(key, GuardKind.UnmodifiedSince, [], endMilliseconds);

    /// <summary>Whether the guard passes if its key has this entry.</summary>
    public bool Passes(Entry? entry) => Kind switch
    {
        GuardKind.Exists => entry is not null,
        GuardKind.Absent => entry is null,
        GuardKind.RevisionIn => entry is { } present && Revisions.Contains(present.Revision),
        GuardKind.RevisionNotIn => entry is not { } other || !Revisions.Contains(other.Revision),
        GuardKind.UnmodifiedSince => entry is { } written && written.ModifiedAtMilliseconds < EndMilliseconds,
        _ => throw new InvalidOperationException($"Unknown guard kind {Kind}."),
    };
}

/// <summary>A guard that failed.</summary>
/// <param name="Guard">The guard.</param>
/// <param name="Current">The entry that its key has, or null.</param>
public readonly record struct FailedGuard(Guard Guard, Entry? Current);
