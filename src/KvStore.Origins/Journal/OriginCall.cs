namespace KvStore.Origins;

/// <summary>A call of an origin, as the journal has it. Immutable.</summary>
internal sealed record OriginCall
{
    /// <summary>When the call was made.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>How long it took, with the body of the answer.</summary>
    public required TimeSpan Elapsed { get; init; }

    /// <summary>The method, or what the statement does.</summary>
    public required string Method { get; init; }

    /// <summary>The address; null for a database.</summary>
    public Uri? Url { get; init; }

    /// <summary>The headers of the request.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> RequestHeaders { get; init; } = [];

    /// <summary>The keys of a statement.</summary>
    public IReadOnlyList<string> Keys { get; init; } = [];

    /// <summary>How many values a query found; null for anything else.</summary>
    public int? Found { get; init; }

    /// <summary>The body of the request; null if it has none. Nothing writes to it any more.</summary>
    public ReadOnlyMemory<byte>? RequestBody { get; init; }

    /// <summary>The status of the answer; 0 if there is none.</summary>
    public int Status { get; init; }

    /// <summary>The headers of the answer.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>The body of the answer, decompressed; empty unless it was read to its end. Nothing writes to it any more.</summary>
    public ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>Why the call failed; null if it did not.</summary>
    public string? Failure { get; init; }

    /// <summary>Bytes of both bodies.</summary>
    public int BodyBytes => Body.Length + (RequestBody?.Length ?? 0);
}
