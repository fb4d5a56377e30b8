namespace KvStore.Client;

/// <summary>The conditions of a write and the lifetime of what it stores. By default there is no condition and no expiry.</summary>
public sealed record KvWriteOptions
{
    /// <summary>Write only if the entry has this revision, such as <see cref="KvEntry.Revision"/> of what was read.</summary>
    public KvRevision? IfRevision { get; init; }

    /// <summary>Write only if the key has no entry.</summary>
    public bool IfAbsent { get; init; }

    /// <summary>Write only if the key has an entry.</summary>
    public bool IfPresent { get; init; }

    /// <summary>The entry expires this long after the write. In whole seconds, rounded up; the deletion follows within a second.</summary>
    public TimeSpan? TimeToLive { get; init; }

    /// <summary>
    /// An idempotency key for this write, 1 to 128 printable ASCII characters: the same write with the same key gets the result of the first one for
    /// 24 hours. By default the client generates a key for each call, which covers its own retries but not a restart of your process.
    /// </summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>
    /// Whether it makes no difference if the write is applied twice, and perhaps after a later write of another client: it is then repeated without an idempotency key, and the
    /// service keeps no record of it. For caches. Default false.
    /// </summary>
    public bool IsIdempotent { get; init; }

    internal string? TimeToLiveSeconds => TimeToLive is { } ttl
        ? Math.Ceiling(ttl.TotalSeconds).ToString("F0", CultureInfo.InvariantCulture)
        : null;

    internal void AddConditionsTo(HttpRequestMessage request)
    {
        if (IfRevision is { } revision)
            request.Headers.TryAddWithoutValidation("If-Match", string.Create(CultureInfo.InvariantCulture, $"\"{revision.Number}\""));
        if (IfPresent)
            request.Headers.TryAddWithoutValidation("If-Match", "*");
        if (IfAbsent)
            request.Headers.TryAddWithoutValidation("If-None-Match", "*");
    }
}
