using System.Net.Http.Headers;

namespace KvStore.Origins;

/// <summary>What a call of an HTTP origin brought.</summary>
/// <param name="Status">The status; 0 if there is no response.</param>
/// <param name="Headers">The headers of the response and of its content; null if there is no response.</param>
/// <param name="Body">The body, decompressed; empty unless it was read to its end.</param>
/// <param name="AskedAt">When the call was made.</param>
/// <param name="AnsweredAt">When the headers of the response arrived.</param>
/// <param name="Failure">Why there is no response that could be used; null if there is one.</param>
internal sealed record HttpAnswer(
    int Status,
    (HttpResponseHeaders Response, HttpContentHeaders Content)? Headers,
    ReadOnlyMemory<byte> Body,
    DateTimeOffset AskedAt,
    DateTimeOffset AnsweredAt,
    LoadResult.Failed? Failure)
{
    /// <summary>The values of a header.</summary>
    public IEnumerable<string> Header(string name) =>
        Headers is not { } headers ? []
        : headers.Response.TryGetValues(name, out var values) || headers.Content.TryGetValues(name, out values) ? values : [];

    /// <summary>The result of a call for one key that the status says, but for 200.</summary>
    /// <param name="hasETag">Whether the call was conditional.</param>
    /// <returns>Null if the body is the value.</returns>
    public LoadResult? ToResult(bool hasETag) => Failure is not null ? Failure : Status switch
    {
        // 203 is a 200 that a proxy has changed.
        200 or 203 => null,
        304 when hasETag => new LoadResult.NotModified(Freshness),
        404 or 410 => new LoadResult.Absent(Freshness),
        429 => new LoadResult.Failed(LoadFailure.Throttled, RetryAfter, "The origin asks for fewer calls."),
        503 when RetryAfter is { } retryAfter => new LoadResult.Failed(LoadFailure.Throttled, retryAfter, "The origin asks for fewer calls."),
        408 or 500 or 502 or 503 or 504 => new LoadResult.Failed(LoadFailure.BadAnswer, null, $"The origin answered {Status}.") { IsTransient = true },
        >= 400 and < 500 => new LoadResult.Failed(LoadFailure.Refused, null, $"The origin answered {Status}."),
        >= 300 and < 400 => new LoadResult.Failed(LoadFailure.BadAnswer, null, $"The origin answered {Status}; redirects are not followed. Set its final address."),
        _ => new LoadResult.Failed(LoadFailure.BadAnswer, null, $"The origin answered {Status}, which is neither a value nor the lack of one."),
    };

    public OriginFreshness Freshness => AnswerFreshness.Of(Header, AskedAt, AnsweredAt);

    // Seconds, or a date (RFC 9110, section 10.2.3).
    private TimeSpan? RetryAfter => Headers?.Response.RetryAfter is not { } retryAfter ? null
        : retryAfter.Delta ?? (retryAfter.Date is { } date ? date > AnsweredAt ? date - AnsweredAt : TimeSpan.Zero : null);
}
