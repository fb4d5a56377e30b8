namespace KvStore.Storage;

/// <summary>The result of a <see cref="DiskLogTool"/> run.</summary>
/// <param name="Revision">The last revision before any gap or damage.</param>
/// <param name="Entries">The number of entries at that revision.</param>
/// <param name="TornTail">An unfinished write, which the next start cuts off; null without one.</param>
/// <param name="Damage">The first damage; null if there is none.</param>
/// <param name="SetAside">The names of the files that a repair has set aside.</param>
public sealed record DiskLogReport(long Revision, long Entries, TornTail? TornTail, DiskLogException? Damage, IReadOnlyList<string> SetAside)
{
    /// <summary>
    /// Whether the directory was locked during the run. A read-only directory may not be; then the report is valid only if no
    /// process used the directory meanwhile.
    /// </summary>
    public bool WasLocked { get; init; } = true;
}
