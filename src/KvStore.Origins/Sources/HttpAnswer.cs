using System.Net.Http.Headers;
using System.Text;
using System.Text.Unicode;

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
    // Long enough for a sentence or a problem of RFC 9457.
    private const int QuoteLengthMax = 300;

    /// <summary>The values of a header.</summary>
    public IEnumerable<string> Header(string name) =>
        Headers is not { } headers ? []
        : headers.Response.NonValidated.TryGetValues(name, out var values) || headers.Content.NonValidated.TryGetValues(name, out values) ? values : [];

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

    /// <summary>The result of a write, which its status says, whatever became of the body.</summary>
    /// <param name="isDeletion">Whether the write was a deletion, so that a resource that is not there is what was wanted.</param>
    public WriteResult ToWriteResult(bool isDeletion) => Status switch
    {
        0 => new WriteResult.Failed(Failure!.Kind, null, Failure.Detail) { MayBeWritten = Failure.Kind != LoadFailure.Unreachable, IsUnreachable = Failure.Kind == LoadFailure.Unreachable },
        >= 200 and < 300 => Written,
        404 or 410 when isDeletion => Written,

        // What was asked for may be done: see elsewhere how (RFC 9110, section 15.4.4).
        303 => new WriteResult.Failed(LoadFailure.BadAnswer, null, "The origin answered 303; redirects are not followed."),
        >= 300 and < 400 => new WriteResult.Refused($"The origin answered {Status}; redirects are not followed. Set its final address."),
        429 => new WriteResult.Failed(LoadFailure.Throttled, RetryAfter, "The origin asks for fewer calls.") { MayBeWritten = false },

        // A proxy may say so after the service behind it has got the write.
        503 when RetryAfter is { } retryAfter => new WriteResult.Failed(LoadFailure.Throttled, retryAfter, "The origin asks for fewer calls."),
        408 or >= 500 => new WriteResult.Failed(LoadFailure.BadAnswer, null, $"The origin answered {Status}."),
        >= 400 => new WriteResult.Refused(Quote is { } quote ? $"The origin answered {Status}: {quote}{(quote.EndsWith('.') ? "" : ".")}" : $"The origin answered {Status}."),
        _ => new WriteResult.Failed(LoadFailure.BadAnswer, null, $"The origin answered {Status}, which does not say whether it has the write."),
    };

    private static WriteResult.Written Written { get; } = new();

    // The start of a body that is text, in one line.
    private string? Quote
    {
        get
        {
            if (Body.IsEmpty || !Utf8.IsValid(Body.Span))
                return null;
            var text = Encoding.UTF8.GetString(Body.Span);
            var line = string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
            line = string.Concat(line.Where(character => !char.IsControl(character)));
            return line.Length switch
            {
                0 => null,
                <= QuoteLengthMax => line,
                _ => string.Concat(line.AsSpan(0, char.IsHighSurrogate(line[QuoteLengthMax - 1]) ? QuoteLengthMax - 1 : QuoteLengthMax), "..."),
            };
        }
    }

    public OriginFreshness Freshness => AnswerFreshness.Of(Header, AskedAt, AnsweredAt);

    // Seconds, or a date (RFC 9110, section 10.2.3).
    private TimeSpan? RetryAfter => Headers?.Response.RetryAfter is not { } retryAfter ? null
        : retryAfter.Delta ?? (retryAfter.Date is { } date ? date > AnsweredAt ? date - AnsweredAt : TimeSpan.Zero : null);
}
