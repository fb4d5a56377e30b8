using System.Globalization;
using Microsoft.Extensions.Primitives;

namespace KvStore.Server;

/// <summary>Writes entries and outcomes of writes to responses: the headers of the contract, in one place.</summary>
internal static class EntryResponses
{
    // The revision that was said last, and its text.
    private static Tuple<long, StringValues>? _lastRevision;

    /// <summary>The ETag of an entry: its revision, quoted.</summary>
    public static string ETagOf(long revision)
    {
        Span<char> text = stackalloc char[22];
        text[0] = '"';
        revision.TryFormat(text[1..], out var digits, provider: CultureInfo.InvariantCulture);
        text[digits + 1] = '"';
        return new string(text[..(digits + 2)]);
    }

    /// <summary>Says which revision was read or written.</summary>
    public static void SetRevision(HttpResponse response, long revision)
    {
        // Between two writes all reads say the same revision, so its text is worth keeping. A race makes it once more.
        var text = _lastRevision;
        if (text is null || text.Item1 != revision)
            _lastRevision = text = Tuple.Create(revision, new StringValues(revision.ToString(CultureInfo.InvariantCulture)));
        response.Headers[ResponseHeaders.Revision] = text.Item2;
    }

    /// <summary>Answers a read: with the value, or with what the conditions ask for.</summary>
    public static Task WriteEntryAsync(HttpContext context, Snapshot snapshot, Entry? found, Conditions conditions)
    {
        // Conditions speak of an entry: without one the answer is 404 whatever they say (RFC 9110, section 13.2.1).
        if (found is not { } entry)
            return WriteNotFoundAsync(context, snapshot.Revision);

        SetRevision(context.Response, snapshot.Revision);
        if (conditions.IfMatch?.Passes(entry) == false)
            return WritePreconditionFailedAsync(context, entry);
        return conditions.IfNoneMatch?.Passes(entry) == false
            ? WriteNotModifiedAsync(context, entry)
            : WriteValueAsync(context, entry);
    }

    /// <summary>Answers with an entry's value. Kestrel leaves the body away when the request is a HEAD.</summary>
    public static Task WriteValueAsync(HttpContext context, Entry entry)
    {
        var response = context.Response;
        SetEntryHeaders(response, entry);
        SetContentHeaders(response, entry.ContentType, entry.Value.Length);
        return HttpMethods.IsHead(context.Request.Method)
            ? Task.CompletedTask
            : response.Body.WriteAsync(entry.Value, CancellationToken.None).AsTask();
    }

    /// <summary>Says what the body is, and that it must not run as script beside Swagger UI: a client stored it.</summary>
    public static void SetContentHeaders(HttpResponse response, string contentType, int length)
    {
        response.ContentType = contentType;
        response.ContentLength = length;
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers.ContentSecurityPolicy = "sandbox";
    }

    /// <summary>Answers that the client's copy of an entry is still the current one.</summary>
    public static Task WriteNotModifiedAsync(HttpContext context, Entry entry)
    {
        context.Response.StatusCode = StatusCodes.Status304NotModified;
        SetEntryHeaders(context.Response, entry);
        return Task.CompletedTask;
    }

    /// <summary>Answers with what became of a write.</summary>
    /// <param name="context">The request.</param>
    /// <param name="outcome">What became of it.</param>
    /// <param name="answer">Makes the answer to a write that was committed, now or before.</param>
    public static Task WriteOutcomeAsync(HttpContext context, Outcome outcome, Func<Outcome.Committed, WriteAnswer> answer)
    {
        switch (outcome)
        {
            case Outcome.Committed committed:
                return answer(committed).WriteAsync(context);
            case Outcome.Replayed replayed:
                IdempotencyHeader.SetReplayed(context.Response);
                return answer(replayed.Original).WriteAsync(context);
            default:
                return WriteFailureAsync(context, outcome);
        }
    }

    /// <summary>Answers with what became of a write of an entry that has to be there: 404 when it is not.</summary>
    /// <remarks>Conditions speak of an entry: without one the answer is 404 whatever they say (RFC 9110, section 13.2.1).</remarks>
    public static Task WriteOutcomeOfPresentAsync(HttpContext context, Outcome outcome, Func<Outcome.Committed, WriteAnswer> answer) =>
        outcome is Outcome.GuardsFailed { Failed: [{ Current: null }, ..] } failed
            ? WriteNotFoundAsync(context, failed.Revision)
            : WriteOutcomeAsync(context, outcome, answer);

    /// <summary>Answers with what became of a write that was not committed now.</summary>
    /// <exception cref="InvalidOperationException">It was.</exception>
    public static Task WriteFailureAsync(HttpContext context, Outcome outcome)
    {
        switch (outcome)
        {
            case Outcome.GuardsFailed failed:
                SetRevision(context.Response, failed.Revision);
                return WritePreconditionFailedAsync(context, failed.Failed[0].Current);
            case Outcome.Rejected rejected:
                SetRevision(context.Response, rejected.Revision);
                if (rejected.Current is { } current)
                    context.Response.Headers.ETag = ETagOf(current.Revision);
                return ProblemOf(rejected).WriteAsync(context);
            case Outcome.IdempotencyKeyReused reused:
                SetRevision(context.Response, reused.Revision);
                return Problems.IdempotencyKeyReused().WriteAsync(context);
            case Outcome.NotApplied { Reason: var reason }:
                return ProblemOf(reason).WriteAsync(context);
            case Outcome.Unknown:
                return Problems.UnknownOutcome().WriteAsync(context);
            default:
                throw new InvalidOperationException($"{outcome.GetType().Name} is no failure.");
        }
    }

    /// <summary>Answers 412 with the ETag that the client needs for another try.</summary>
    public static Task WritePreconditionFailedAsync(HttpContext context, Entry? current)
    {
        if (current is not { } entry)
            return Problems.PreconditionFailed("The key has no entry. Nothing was changed.").WriteAsync(context);
        var etag = ETagOf(entry.Revision);
        context.Response.Headers.ETag = etag;
        return Problems.PreconditionFailed($"The key has an entry with ETag {etag}. Nothing was changed. Read the entry and decide again.").WriteAsync(context);
    }

    /// <summary>Answers 404 for a key without an entry.</summary>
    public static Task WriteNotFoundAsync(HttpContext context, long revision)
    {
        SetRevision(context.Response, revision);
        return Problems.NotFound($"The key has no entry at revision {revision}.").WriteAsync(context);
    }

    private static void SetEntryHeaders(HttpResponse response, Entry entry)
    {
        response.Headers.ETag = ETagOf(entry.Revision);

        // Caches may keep the value but have to ask each time whether it is still the current one.
        response.Headers.CacheControl = "no-cache";
        if (entry.ExpiresAt is { } expiresAt)
            response.Headers[ResponseHeaders.Expires] = expiresAt.ToString("R", CultureInfo.InvariantCulture);
    }

    private static Problem ProblemOf(Outcome.Rejected rejected) => rejected switch
    {
        { Reason: RejectionReason.NotANumber } => Problems.NotANumber(),
        { Reason: RejectionReason.Overflow } => Problems.Overflow(),
        { Reason: RejectionReason.NotJson } => Problems.NotJson(),
        { Reason: RejectionReason.TooMany } => Problems.TooManyEntries(),

        // A value that would be too large is there already; an answer that would be is not.
        { Reason: RejectionReason.TooLarge, Current: null } => Problems.AnswerTooLarge(),
        { Reason: RejectionReason.TooLarge } => Problems.ResultTooLarge(),
        _ => throw new InvalidOperationException($"Unknown reason {rejected.Reason}."),
    };

    /// <summary>What a client is told when its write was not applied.</summary>
    public static Problem ProblemOf(NotAppliedReason reason) => reason switch
    {
        NotAppliedReason.QueueFull => Problems.QueueFull(RetryTimes.QueueFull),
        NotAppliedReason.Loading => Problems.Loading(),
        NotAppliedReason.Stopping => Problems.Unavailable("The service is stopping. Nothing was stored. Try again on another replica, or when it is back.", RetryTimes.Restart),
        NotAppliedReason.Failed => Problems.Unavailable("The store has failed and the service is ending. Nothing was stored. Try again when it is back.", RetryTimes.Restart),
        NotAppliedReason.NoSpace => Problems.NoSpace(),
        NotAppliedReason.LogClosed => Problems.Unavailable("The store cannot write to its disk any more. Nothing was stored; reads go on. The operator finds the reason in the log and restarts the service.", RetryTimes.Restart),
        _ => throw new InvalidOperationException($"Unknown reason {reason}."),
    };
}
