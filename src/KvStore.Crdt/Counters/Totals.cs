namespace KvStore.Crdt;

/// <summary>What a replica, or several that were folded, added and subtracted in total.</summary>
internal readonly record struct Totals(UInt128 Added, UInt128 Subtracted)
{
    /// <summary>The bound of each total of one replica.</summary>
    public static UInt128 Max { get; } = (UInt128)long.MaxValue;

    /// <summary>The bound of what is folded: of more replicas than any value has.</summary>
    public static UInt128 FoldedMax { get; } = UInt128.One << 120;

    public Int128 Value => (Int128)Added - (Int128)Subtracted;

    public bool IsBeyondMax => Added > Max || Subtracted > Max;

    public Totals Add(long amount) => amount > 0
        ? this with { Added = Added + (UInt128)amount }
        : this with { Subtracted = Subtracted + (UInt128)(-(Int128)amount) };

    public Totals Add(Totals other) => new(Added + other.Added, Subtracted + other.Subtracted);

    /// <summary>Whether one history can have both totals.</summary>
    /// <param name="other">The totals that are known.</param>
    /// <param name="order">Whether these are older (less than 0), the same, or newer.</param>
    public bool IsOneHistoryWith(Totals other, int order) =>
        order == 0 ? this == other
        : order > 0 ? Added >= other.Added && Subtracted >= other.Subtracted
        : Added <= other.Added && Subtracted <= other.Subtracted;
}
