namespace KvStore.Origins;

/// <summary>Which writes an origin has yet to get, in one state of the store.</summary>
/// <param name="Pending">Keys that wait for their delivery.</param>
/// <param name="Parked">Keys that are not delivered any more.</param>
/// <param name="OldestMilliseconds">Since when the oldest one that is not parked has waited; <see cref="long.MaxValue"/> if none does.</param>
internal readonly record struct OutboxStatus(long Pending, long Parked, long OldestMilliseconds)
{
    /// <summary>Counts them all, which takes about a tenth of a microsecond each.</summary>
    public static OutboxStatus Of(Snapshot snapshot, OutboxMarks marks)
    {
        var (pending, parked, oldest) = (0L, 0L, long.MaxValue);
        foreach (var record in snapshot.ScanReserved(marks.Range))
        {
            var mark = OutboxMark.Read(record);
            if (mark.IsParked)
                parked++;
            else
                (pending, oldest) = (pending + 1, Math.Min(oldest, mark.SinceMilliseconds));
        }

        return new(pending, parked, oldest);
    }
}
