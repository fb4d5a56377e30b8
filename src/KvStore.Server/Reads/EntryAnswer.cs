using Microsoft.Extensions.Primitives;

namespace KvStore.Server;

/// <summary>The answer to a read of one entry.</summary>
internal static class EntryAnswer
{
    private const string ReadAdvice = "Omit the condition, or give this ETag, to read it.";
    private const string WriteAdvice = "Nothing was changed. Read the entry and decide again.";

    /// <summary>Answers from the state that was taken. Not async: otherwise the snapshot would stay in memory until the client has the value.</summary>
    public static Task WriteAsync(HttpContext context, KvStoreOptions options, LargeAnswers answers, Reads.Taken taken, Key key, Conditions conditions) => taken.Problem is { } problem
        ? problem.WriteAsync(context)
        : WriteAsync(context, options, answers, taken.Snapshot!, taken.Snapshot!.Find(key), conditions);

    /// <summary>Answers with the value, or as the conditions ask, and with a Cache-Control other than that caches must revalidate it each time.</summary>
    public static Task WriteAsync(HttpContext context, KvStoreOptions options, LargeAnswers answers, Snapshot snapshot, Entry? found, Conditions conditions, StringValues cacheControl = default)
    {
        // Conditions are about an entry: without one the answer is 404 whatever they are (RFC 9110, section 13.2.1).
        var response = context.Response;
        if (found is not { } entry)
            return NotFound(response, snapshot.Revision).WriteAsync(context);

        response.SetRevision(snapshot.Revision);
        if (Check(response, entry, conditions, out var isNotModified) is { } unmet)
            return unmet.WriteAsync(context);
        if (isNotModified)
        {
            response.SetCacheControl(cacheControl);
            return Task.CompletedTask;
        }

        IDisposable? charge = null;
        var isHead = HttpMethods.IsHead(context.Request.Method);
        var isLarge = !isHead && entry.Value.Length > PacedOutput.PieceBytes;
        if (isLarge && !answers.TryBegin([entry], out charge))
        {
            response.Headers.Remove(ResponseHeaders.Revision);
            return LargeAnswers.Refusal().WriteAsync(context);
        }

        SetFound(response, entry);
        response.SetValue(entry.ContentType, entry.Value.Length, options.CrossOriginResourcePolicy);
        response.SetCacheControl(cacheControl);
        if (isLarge)
            return WriteLargeAsync(new PacedOutput(context, options), entry.Value, charge);
        return isHead ? Task.CompletedTask : response.Body.WriteAsync(entry.Value, CancellationToken.None).AsTask();
    }

    /// <summary>What the conditions of a read make of it: a problem, or a 304, whose headers are set; or neither.</summary>
    public static Problem? Check(HttpResponse response, Entry entry, Conditions conditions, out bool isNotModified)
    {
        isNotModified = false;
        if (conditions.IfMatch?.Passes(entry) == false)
            return PreconditionFailed(response, entry, ReadAdvice);
        isNotModified = conditions.IsNotModified(entry);
        if (isNotModified)
            SetNotModified(response, Validators.Of(entry));
        return null;
    }

    /// <summary>Sets the headers that say which state of the entry an answer has.</summary>
    public static void SetFound(HttpResponse response, Entry entry)
    {
        SetValidators(response, Validators.Of(entry));
        response.SetLastModified(entry.ModifiedAt);
    }

    private static async Task WriteLargeAsync(PacedOutput output, ReadOnlyMemory<byte> value, IDisposable? charge)
    {
        using (charge)
            await output.WriteAsync(value);
    }

    /// <summary>Makes the answer a 304, with the headers that the 200 would have (RFC 9110, section 15.4.5).</summary>
    public static void SetNotModified(HttpResponse response, Validators? found)
    {
        response.StatusCode = StatusCodes.Status304NotModified;
        response.Headers.CacheControl = "no-cache";
        if (found is { } validators)
            SetValidators(response, validators);
    }

    /// <summary>Sets the headers of a 404 for a key without an entry.</summary>
    public static Problem NotFound(HttpResponse response, long revision)
    {
        response.SetRevision(revision);
        return Problems.NotFound($"The key has no entry at revision {revision}.");
    }

    /// <summary>Sets the headers of a 412: the ETag that the client needs for another attempt.</summary>
    public static Problem PreconditionFailed(HttpResponse response, Entry? current, string advice = WriteAdvice)
    {
        if (current is not { } entry)
            return Problems.PreconditionFailed("The key has no entry. Nothing was changed.");
        var etag = ResponseHeaders.ETagOf(entry.Revision);
        response.Headers.ETag = etag;
        return Problems.PreconditionFailed($"The key has an entry with ETag {etag}. {advice}");
    }

    private static void SetValidators(HttpResponse response, Validators entry)
    {
        response.Headers.ETag = ResponseHeaders.ETagOf(entry.Revision);
        if (entry.ExpiresAt is { } expiresAt)
            response.Headers[ResponseHeaders.Expires] = expiresAt.ToString("R", CultureInfo.InvariantCulture);
    }
}

/// <summary>What a 304 says of an entry. It does not keep the entry in memory.</summary>
internal readonly record struct Validators(long Revision, DateTimeOffset? ExpiresAt)
{
    public static Validators Of(Entry entry) => new(entry.Revision, entry.ExpiresAt);
}
