namespace KvStore.Client;

/// <summary>On which condition a write happens, and how long what it stores lives. The default is always, and for ever.</summary>
public sealed record KvWriteOptions
{
    /// <summary>Only if the entry still has this revision.</summary>
    public long? IfRevision { get; init; }

    /// <summary>Only if the key has no entry.</summary>
    public bool IfAbsent { get; init; }

    /// <summary>Only if the key has an entry.</summary>
    public bool IfPresent { get; init; }

    /// <summary>The entry is deleted this long after the write, within a second; whole seconds, rounded up.</summary>
    public TimeSpan? TimeToLive { get; init; }

    /// <summary>
    /// A name for this write, of 1 to 128 printable ASCII characters: whoever sends the same write with the same name again, within 24 hours, gets the
    /// first answer. By default the client makes one up for each call, which covers the client's own retries but not a restart of your process.
    /// </summary>
    public string? IdempotencyKey { get; init; }

    internal string? TimeToLiveSeconds => TimeToLive is { } ttl
        ? Math.Ceiling(ttl.TotalSeconds).ToString("F0", System.Globalization.CultureInfo.InvariantCulture)
        : null;

    internal void AddConditionsTo(HttpRequestMessage request)
    {
        if (IfRevision is { } revision)
            request.Headers.TryAddWithoutValidation("If-Match", $"\"{revision.ToString(System.Globalization.CultureInfo.InvariantCulture)}\"");
        if (IfPresent)
            request.Headers.TryAddWithoutValidation("If-Match", "*");
        if (IfAbsent)
            request.Headers.TryAddWithoutValidation("If-None-Match", "*");
    }
}
