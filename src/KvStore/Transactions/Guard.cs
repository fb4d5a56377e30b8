using System.Collections.Immutable;

namespace KvStore;

/// <summary>What a guard asks of its key.</summary>
public enum GuardKind
{
    /// <summary>The key has an entry.</summary>
    Exists,

    /// <summary>The key has no entry.</summary>
    Absent,

    /// <summary>The key has an entry, and its revision is one of those listed.</summary>
    RevisionIn,

    /// <summary>The key has no entry, or one whose revision is not listed.</summary>
    RevisionNotIn,
}

/// <summary>
/// A condition on one key. An operation is carried out only if all of its guards hold at the moment of its commit.
/// </summary>
public sealed class Guard
{
    private Guard(Key key, GuardKind kind, ImmutableArray<long> revisions)
    {
        Key = key;
        Kind = kind;
        Revisions = revisions.IsDefault ? [] : revisions;
    }

    /// <summary>The key that is looked at.</summary>
    public Key Key { get; }

    /// <summary>What is asked of it.</summary>
    public GuardKind Kind { get; }

    /// <summary>The revisions that <see cref="GuardKind.RevisionIn"/> and <see cref="GuardKind.RevisionNotIn"/> speak of; else empty.</summary>
    public ImmutableArray<long> Revisions { get; }

    /// <summary>Bytes that this guard holds while it waits.</summary>
    internal long Bytes => Key.Length + (sizeof(long) * Revisions.Length);

    /// <summary>The key has an entry.</summary>
    public static Guard Exists(Key key) => new(key, GuardKind.Exists, []);

    /// <summary>The key has no entry.</summary>
    public static Guard Absent(Key key) => new(key, GuardKind.Absent, []);

    /// <summary>The key has an entry with one of these revisions; with none listed it never holds.</summary>
    public static Guard RevisionIn(Key key, params ImmutableArray<long> revisions) => new(key, GuardKind.RevisionIn, revisions);

    /// <summary>The key has no entry with one of these revisions.</summary>
    public static Guard RevisionNotIn(Key key, params ImmutableArray<long> revisions) => new(key, GuardKind.RevisionNotIn, revisions);

    /// <summary>Whether the guard holds when its key has this entry.</summary>
    public bool Passes(Entry? entry) => Kind switch
    {
        GuardKind.Exists => entry is not null,
        GuardKind.Absent => entry is null,
        GuardKind.RevisionIn => entry is { } met && Revisions.Contains(met.Revision),
        GuardKind.RevisionNotIn => entry is not { } other || !Revisions.Contains(other.Revision),
        _ => throw new InvalidOperationException($"Unknown guard kind {Kind}."),
    };
}

/// <summary>A guard that did not hold, and what it met.</summary>
/// <param name="Guard">The guard.</param>
/// <param name="Current">The entry that its key had, or null.</param>
public readonly record struct FailedGuard(Guard Guard, Entry? Current);
