namespace KvStore.Client;

/// <summary>What a call sends, once for each attempt.</summary>
/// <param name="Method">The method.</param>
/// <param name="Target">The path and the query.</param>
internal sealed record Call(HttpMethod Method, string Target)
{
    /// <summary>The header that identifies the store: in a response, and as a condition in a request.</summary>
    public const string StoreIdHeader = "KvStore-Store-Id";

    private static readonly UriCreationOptions AsWritten = new() { DangerousDisablePathAndQueryCanonicalization = true };

    public bool IsWrite { get; init; }

    public ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>A body that is read while it is sent, in place of <see cref="Body"/>.</summary>
    public RequestStream? Upload { get; init; }

    public string? ContentType { get; init; }

    /// <summary>The store whose revisions the request contains; null if it contains none.</summary>
    public string? StoreId { get; init; }

    public KvWriteOptions? Conditions { get; init; }

    public string? IdempotencyKey { get; init; }

    /// <summary>The value of <c>Cache-Control</c>; null for none.</summary>
    public string? CacheControl { get; init; }

    /// <summary>The media type to ask for; null for any.</summary>
    public string? Accept { get; init; }

    /// <summary>How long the service may wait before it answers, in addition to the time of an attempt.</summary>
    public TimeSpan Wait { get; init; }

    /// <summary>Whether the write may be applied twice without a difference.</summary>
    public bool IsIdempotent { get; init; }

    /// <summary>Whether the absence of the entry is a result, null, and no failure.</summary>
    public bool AllowsAbsence { get; init; }

    /// <summary>Whether 304 is an answer.</summary>
    public bool AllowsUnchanged { get; init; }

    /// <summary>Whether the body of the answer is left to be read as a stream.</summary>
    public bool IsStream { get; init; }

    /// <summary>Whether it is retried until it is cancelled.</summary>
    public bool IsEndless { get; init; }

    /// <summary>Whether it is sent once, because its caller tries again in its own way.</summary>
    public bool IsSingle { get; init; }

    /// <summary>Whether it may be sent again while the outcome of an attempt is unknown.</summary>
    public bool IsRepeatable => !IsWrite || IsIdempotent || IdempotencyKey is not null;

    private bool HasBody => Method != HttpMethod.Get && Method != HttpMethod.Head;

    public HttpRequestMessage ToRequest(string address)
    {
        var request = new HttpRequestMessage(Method, new Uri(address + Target, in AsWritten));
        if (HasBody)
            request.Content = Upload ?? (RequestBody)new RequestBytes(Body, ContentType);
        Conditions?.AddConditionsTo(request);
        if (IdempotencyKey is not null)
            request.Headers.TryAddWithoutValidation("Idempotency-Key", IdempotencyKey);
        if (CacheControl is not null)
            request.Headers.TryAddWithoutValidation("Cache-Control", CacheControl);
        if (Accept is not null)
            request.Headers.TryAddWithoutValidation("Accept", Accept);
        if (StoreId is not null)
            request.Headers.TryAddWithoutValidation(StoreIdHeader, StoreId);
        return request;
    }

    /// <summary>What is known of an attempt that ended without an answer of the service.</summary>
    public KvOutcome OutcomeWithoutAnswer(HttpRequestMessage request) =>
        IsWrite && request.Content is RequestBody { WasAskedFor: true } ? KvOutcome.Unknown : KvOutcome.NotApplied;
}
