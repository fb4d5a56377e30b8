namespace KvStore.Fuzz;

/// <summary>What a service may use at most while something is done to it. Without a value there is no limit.</summary>
internal sealed record WatchdogLimits
{
    /// <summary>The heap's limit, and 256 MiB for the runtime, its code and its stacks.</summary>
    public const long DefaultResidentBytesMax = ServiceStart.DefaultHeapBytesMax + (256L << 20);

    public long ResidentBytesMax { get; init; } = DefaultResidentBytesMax;

    public long WrittenBytesMax { get; init; } = long.MaxValue;

    public long OutputBytesMax { get; init; } = long.MaxValue;

    public TimeSpan StallMax { get; init; } = TimeSpan.MaxValue;
}
