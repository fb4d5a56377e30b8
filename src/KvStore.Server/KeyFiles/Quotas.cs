namespace KvStore.Server;

/// <summary>What one principal may use, beside the limits for all. Null: no limit of its own. Immutable.</summary>
internal sealed record Quotas
{
    public static Quotas None { get; } = new();

    /// <summary>Requests per second.</summary>
    public int? RequestsPerSecond { get; init; }

    /// <summary>Bytes of bodies, of requests and answers together, per second.</summary>
    public long? BytesPerSecond { get; init; }

    /// <summary>Watchers and long polls at one time.</summary>
    public int? Watchers { get; init; }

    /// <summary>Exports and imports at one time.</summary>
    public int? Transfers { get; init; }
}
