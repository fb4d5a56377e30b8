namespace KvStore.Origins;

/// <summary>What a snapshot has of a key that comes from an origin.</summary>
internal enum KeyStanding
{
    /// <summary>Nothing that could be served: the key has to be loaded.</summary>
    Unknown,

    /// <summary>An entry.</summary>
    Present,

    /// <summary>The knowledge that the origin has nothing.</summary>
    Absent,
}

/// <summary>What a snapshot has of a key that comes from an origin, and how fresh that is now. A function of the snapshot, the settings and the clock, so replicas agree.</summary>
internal readonly record struct KeyState
{
    /// <summary>What there is.</summary>
    public KeyStanding Standing { get; init; }

    /// <summary>The entry; null unless one is <see cref="KeyStanding.Present"/>.</summary>
    public Entry? Entry { get; init; }

    /// <summary>The time since the origin made its answer.</summary>
    public TimeSpan Age { get; init; }

    /// <summary>How long it is fresh from now on; negative by how long it has been stale.</summary>
    public TimeSpan FreshLeft { get; init; }

    /// <summary>How long it may be served from now on while it is loaded; not positive if it may not.</summary>
    public TimeSpan RevalidateLeft { get; init; }

    /// <summary>How long it may be served from now on if loading it fails; not positive if it may not.</summary>
    public TimeSpan ErrorLeft { get; init; }

    /// <summary>Whether it is fresh and should be loaded before it is not.</summary>
    public bool IsRefreshDue { get; init; }

    /// <summary>Whether the origin has yet to get what there is, so that it is right whatever its age, and loading it would find something older.</summary>
    public bool IsDirty { get; init; }

    /// <summary>Whether a write of it may be on its way to the origin, so that what is loaded is good for those who wait for it, and is not stored.</summary>
    public bool IsBeingWritten { get; init; }

    /// <summary>Whether there is something, and it is fresh.</summary>
    public bool IsFresh => IsDirty || (Standing != KeyStanding.Unknown && FreshLeft > TimeSpan.Zero);

    /// <summary>Whether there is something that may be served while it is loaded.</summary>
    public bool MayRevalidate => Standing != KeyStanding.Unknown && RevalidateLeft > TimeSpan.Zero;

    /// <summary>Whether there is something that may be served if loading it fails.</summary>
    public bool MayServeOnError => Standing != KeyStanding.Unknown && ErrorLeft > TimeSpan.Zero;

    /// <summary>The state of a key that the origin has yet to get.</summary>
    /// <param name="entry">The entry; null if it was deleted.</param>
    /// <param name="freshFor">How long others may use an answer that says so.</param>
    public static KeyState Dirty(Entry? entry, TimeSpan freshFor) => new()
    {
        Standing = entry is null ? KeyStanding.Absent : KeyStanding.Present,
        Entry = entry,
        FreshLeft = freshFor,
        RevalidateLeft = freshFor,
        ErrorLeft = freshFor,
        IsDirty = true,
    };
}
