namespace KvStore.Origins;

/// <summary>The origins of a store. Immutable; any thread may use it.</summary>
internal sealed class OriginTable(IReadOnlyList<OriginState> origins)
{
    /// <summary>All of them, by name.</summary>
    public IReadOnlyList<OriginState> All { get; } = [.. origins.OrderBy(origin => origin.Options.Name, StringComparer.Ordinal)];

    /// <summary>The origin that a key comes from, or null. No prefix begins with another, so there is one at most.</summary>
    public OriginState? Find(ReadOnlySpan<byte> key)
    {
        foreach (var origin in All)
        {
            if (key.StartsWith(origin.Prefix.Span))
                return origin;
        }

        return null;
    }

    /// <summary>The origins that keys with a prefix may come from.</summary>
    public IEnumerable<OriginState> FindOverlapping(ReadOnlyMemory<byte> prefix) =>
        All.Where(origin => origin.Prefix.Span.StartsWith(prefix.Span) || prefix.Span.StartsWith(origin.Prefix.Span));
}
