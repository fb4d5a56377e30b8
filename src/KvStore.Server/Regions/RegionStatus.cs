namespace KvStore.Server;

/// <summary>How far a region is exchanged. Immutable.</summary>
/// <param name="State"><c>connected</c>, <c>disconnected</c>, or <c>standby</c> while another replica does the work.</param>
/// <param name="To">Keys whose changes the region has yet to get.</param>
/// <param name="From">Keys whose changes in the region are heard of, and have yet to come.</param>
/// <param name="Lag">How long the oldest of these changes has been known.</param>
internal sealed record RegionStatus(string State, int To, int From, TimeSpan Lag)
{
    public static RegionStatus Of(RegionPeer region, TimeProvider time)
    {
        if (region.Sync is not { } sync)
            return new RegionStatus("standby", 0, 0, TimeSpan.Zero);
        var (to, from) = (sync.Keys.CountOf(RegionSide.Here), sync.Keys.CountOf(RegionSide.There));
        var oldest = to.Since is { } one && (from.Since is not { } other || one < other) ? one : from.Since;
        var lag = oldest is { } since && time.GetUtcNow() is var now && now > since ? now - since : TimeSpan.Zero;
        return new RegionStatus(sync.ConnectedSince is null ? "disconnected" : "connected", to.Count, from.Count, lag);
    }
}
