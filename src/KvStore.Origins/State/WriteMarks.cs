namespace KvStore.Origins;

/// <summary>
/// Which keys are being written to their origin: the records <c>\0writing/{key}</c>, without a value. As long as a key has one, only the origin knows what it is: reads load it, and
/// while the write may still arrive there, what they load is not stored. Thread-safe.
/// </summary>
/// <param name="options">The settings.</param>
/// <param name="time">The clock.</param>
internal sealed class WriteMarks(OriginOptions options, TimeProvider time)
{
    /// <summary>How long after its mark was submitted a write may call the origin. Later it does not, because its mark could be out of force before it ends.</summary>
    public static readonly TimeSpan CallWithin = TimeSpan.FromSeconds(5);

    // Beyond that, for clocks of replicas that differ.
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(10);

    /// <summary>The key of a key's record.</summary>
    public static Key MarkOf(Key key) => ReservedKeys.Of(ReservedKind.Writing, key.Utf8);

    /// <summary>The record of a key; null if it has none.</summary>
    public static Entry? Find(Snapshot snapshot, Key key) => snapshot.FindReserved(ReservedKind.Writing, key.Utf8);

    /// <summary>
    /// The transaction that ends the writes of an earlier start whose origins are not written through any more: their records would be ignored, and what is stored of their keys may
    /// be older than what their origins have.
    /// </summary>
    /// <returns>Null if there are none.</returns>
    public static Transaction? EndLeftover(Snapshot snapshot, OriginTable origins)
    {
        ImmutableArray<Operation> records =
        [
            .. snapshot.ScanReserved(ReservedKeys.RangeOf(ReservedKind.Writing, default))
                .Select(mark => (Mark: mark.Key, Origin: origins.Find(ReservedKeys.RestOf(ReservedKind.Writing, mark.KeyUtf8))))
                .Where(left => left.Origin is { Marks: null })
                .SelectMany(left => new Operation[] { left.Origin!.RecordOfInvalid(Key.FromStored(ReservedKeys.RestOf(ReservedKind.Writing, left.Mark.Utf8))), new Delete(left.Mark) }),
        ];
        return records.IsEmpty ? null : new Transaction([], [], records);
    }

    /// <summary>Passes if the record of a key has a revision, or if there is none for 0.</summary>
    public static Guard GuardOf(Key key, long revision) => MarkOf(key) is var mark && revision == 0 ? Guard.Absent(mark) : Guard.RevisionIn(mark, revision);

    /// <summary>For how long a write may still arrive at the origin. Not positive if none can any more: its process has ended, or does not know what became of it.</summary>
    public TimeSpan LeftOf(Entry mark) =>
        CallWithin + options.LoadTimeout + Margin - TimeSpan.FromMilliseconds(Math.Max(0, time.GetUtcNow().ToUnixTimeMilliseconds() - mark.ModifiedAtMilliseconds));
}
