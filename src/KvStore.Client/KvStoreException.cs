using System.Net;

namespace KvStore.Client;

/// <summary>The service rejected a request. <see cref="Exception.Message"/> says why and what to do.</summary>
public class KvStoreException : Exception
{
    internal KvStoreException(HttpStatusCode status, WireProblem problem)
        : base(problem.Detail ?? problem.Title ?? $"The service answered {(int)status}.")
    {
        StatusCode = status;
        Problem = problem.Type is { } type ? type[(type.IndexOf('#', StringComparison.Ordinal) + 1)..] : "";
        Field = problem.Field;
        IsNotApplied = problem.Outcome == "not-applied";
    }

    /// <summary>The HTTP status.</summary>
    public HttpStatusCode StatusCode { get; }

    /// <summary>The stable name of the problem, such as <c>precondition-failed</c>; the service's docs/http-api.md explains each.</summary>
    public string Problem { get; }

    /// <summary>The part of the request that is wrong; null if no single part is.</summary>
    public string? Field { get; }

    /// <summary>Whether this request changed nothing. An earlier one with the same idempotency key may have been applied.</summary>
    public bool IsNotApplied { get; }

    internal static async Task<KvStoreException> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var problem = new WireProblem();
        try
        {
            if (response.Content.Headers.ContentType?.MediaType == "application/problem+json")
            {
                var stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
                problem = await JsonSerializer.DeserializeAsync(stream, Wire.Default.WireProblem, cancellationToken).ConfigureAwait(false) ?? problem;
            }
        }
        catch (Exception exception) when (exception is JsonException or IOException or HttpRequestException)
        {
            // A proxy answered, or the body was cut off: the status must suffice.
        }

        return response.StatusCode switch
        {
            HttpStatusCode.PreconditionFailed => new KvPreconditionFailedException(problem, response.Headers.ETag?.Tag),
            HttpStatusCode.Gone => new KvRevisionGoneException(problem),
            _ => new KvStoreException(response.StatusCode, problem),
        };
    }
}

/// <summary>A condition of a write or a guard of a transaction failed. Nothing was changed: read and decide again.</summary>
public sealed class KvPreconditionFailedException : KvStoreException
{
    internal KvPreconditionFailedException(WireProblem problem, string? etag)
        : base(HttpStatusCode.PreconditionFailed, problem)
    {
        CurrentRevision = long.TryParse(etag?.Trim('"'), out var revision) ? revision : null;
        Failed = problem.Failed ?? [];
    }

    /// <summary>The current revision of the entry; null if there is none, and for transactions.</summary>
    public long? CurrentRevision { get; }

    /// <summary>Every failed guard of a transaction; empty for other writes.</summary>
    public IReadOnlyList<KvFailedGuard> Failed { get; }
}

/// <summary>A failed guard.</summary>
/// <param name="Key">The key of the guard.</param>
/// <param name="Revision">The current revision of the entry; null if there is none.</param>
public sealed record KvFailedGuard(string Key, long? Revision);

/// <summary>The revision is no longer retained. Begin again with the latest state.</summary>
public sealed class KvRevisionGoneException : KvStoreException
{
    internal KvRevisionGoneException(WireProblem problem)
        : base(HttpStatusCode.Gone, problem) => OldestRevision = problem.OldestRevision;

    /// <summary>The oldest revision that can be read; null if the service did not say.</summary>
    public long? OldestRevision { get; }
}
