namespace KvStore.Server;

/// <summary>The query parameter ttl of a write: after how many seconds the entry expires, or <c>none</c>.</summary>
internal readonly record struct TimeToLive
{
    public const string Parameter = "ttl";

    public const int SecondsMax = 10 * 365 * 24 * 60 * 60;

    private const string None = "none";

    /// <summary>The seconds; 0 if the entry does not expire.</summary>
    public int Seconds { get; private init; }

    public bool IsGiven { get; private init; }

    public static Problem? TryGet(QueryParameters parameters, out TimeToLive ttl)
    {
        ttl = default;
        if (parameters.Text(Parameter) is not { } text)
            return null;
        TimeSpan? duration = TimeSpan.Zero;
        if (text != None && (parameters.TryGetDuration(Parameter, TimeSpan.FromSeconds(SecondsMax), out duration) is not null || duration?.Ticks is 0 || duration?.Ticks % TimeSpan.TicksPerSecond is not 0))
            return Problems.MalformedRequest($"Give a whole number of seconds from 1 to {SecondsMax}, {Duration.Forms}, or {None}.", Parameter);
        ttl = new TimeToLive { IsGiven = true, Seconds = (int)duration!.Value.TotalSeconds };
        return null;
    }

    public DateTimeOffset? ExpiresAt(TimeProvider time) => Seconds == 0 ? null : time.GetUtcNow().AddSeconds(Seconds);

    /// <summary>The expiry after a write that changes it only if the parameter is given.</summary>
    public ExpiryUpdate Update(TimeProvider time) => !IsGiven ? ExpiryUpdate.Unchanged
        : ExpiresAt(time) is { } expiresAt ? ExpiryUpdate.At(expiresAt) : ExpiryUpdate.Never;
}
