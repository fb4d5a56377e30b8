using KvStore.Crdt;

namespace KvStore.Server;

/// <summary>Which of two stores something is about: this one, or that of the region.</summary>
internal enum RegionSide
{
    Here,
    There,
}

/// <summary>
/// What is known of one key: up to which revision of each store its changes are heard of, and up to which they are exchanged. Belongs to <see cref="PendingKeys"/>.
/// </summary>
internal sealed class PendingKey(Key key)
{
    private readonly SideState[] _sides = new SideState[2];

    public Key Key => key;

    /// <summary>What the region's value includes, as far as known; null if nothing is.</summary>
    public VersionVector? Known { get; set; }

    /// <summary>Whether it is in the queue, waits for its next attempt, or is being exchanged.</summary>
    public bool IsScheduled { get; set; }

    /// <summary>Failures in a row.</summary>
    public int Failures { get; set; }

    /// <summary>Which of the settled keys it is; 0 while it is none.</summary>
    public long Settled { get; set; }

    public bool IsDirty => IsDirtyOn(RegionSide.Here) || IsDirtyOn(RegionSide.There);

    /// <summary>Whether a change was heard of after its exchange began.</summary>
    public bool HasChanged => Array.Exists(_sides, side => side.Heard > side.Begun);

    /// <summary>Whether a change of one side is not exchanged yet.</summary>
    public bool IsDirtyOn(RegionSide side) => _sides[(int)side] is var state && state.Heard > state.Exchanged;

    /// <summary>Since when that is known.</summary>
    public DateTimeOffset SinceOn(RegionSide side) => _sides[(int)side].Since;

    /// <summary>Whether a change is not exchanged yet: the merges of the exchange come back as changes, too.</summary>
    public bool IsNews(RegionSide side, long revision) => revision > _sides[(int)side].Exchanged;

    /// <summary>Hears of a change.</summary>
    public void Hear(RegionSide side, long revision, DateTimeOffset now)
    {
        ref var state = ref _sides[(int)side];
        if (!IsDirtyOn(side))
            state.Since = now;
        state.Heard = Math.Max(state.Heard, revision);
    }

    /// <summary>An exchange begins.</summary>
    public void Begin()
    {
        foreach (ref var side in _sides.AsSpan())
            side.Begun = side.Heard;
    }

    /// <summary>Records that everything up to a revision is exchanged, and what was heard of when the exchange began: it read both sides after that.</summary>
    public void Exchange(RegionSide side, long revision, DateTimeOffset now)
    {
        ref var state = ref _sides[(int)side];
        state.Exchanged = Math.Max(state.Exchanged, Math.Max(state.Begun, revision));
        state.Since = now;
    }

    /// <summary>Forgets what is known of the region's store, because its revisions begin anew.</summary>
    public void ForgetRegion()
    {
        ref var state = ref _sides[(int)RegionSide.There];

        // What was heard is not exchanged, in whatever store it was.
        (state.Heard, state.Begun, state.Exchanged, Known) = (IsDirtyOn(RegionSide.There) ? 1 : 0, 0, 0, null);
    }

    private struct SideState
    {
        public long Heard;
        public long Begun;
        public long Exchanged;
        public DateTimeOffset Since;
    }
}
