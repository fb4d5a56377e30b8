using System.Net;
using System.Text.Json;

namespace KvStore.Client;

/// <summary>The service refused a request. <see cref="Exception.Message"/> says why and what to do.</summary>
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

    /// <summary>The part of the request that was wrong, if one was.</summary>
    public string? Field { get; }

    /// <summary>Whether the service says that a write was not applied and never will be.</summary>
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
            // Something in between answered, or the rest was lost: the status has to do.
        }

        return response.StatusCode switch
        {
            HttpStatusCode.PreconditionFailed => new KvPreconditionFailedException(problem, response.Headers.ETag?.Tag),
            HttpStatusCode.Gone => new KvRevisionGoneException(problem),
            _ => new KvStoreException(response.StatusCode, problem),
        };
    }
}

/// <summary>A condition of a write, or a guard of a transaction, does not hold. Nothing was changed: read and decide again.</summary>
public sealed class KvPreconditionFailedException : KvStoreException
{
    internal KvPreconditionFailedException(WireProblem problem, string? etag)
        : base(HttpStatusCode.PreconditionFailed, problem)
    {
        CurrentRevision = long.TryParse(etag?.Trim('"'), out var revision) ? revision : null;
        Failed = problem.Failed ?? [];
    }

    /// <summary>The entry's revision; null when it has none, and for transactions.</summary>
    public long? CurrentRevision { get; }

    /// <summary>Every guard of a transaction that did not hold; empty for other writes.</summary>
    public IReadOnlyList<KvFailedGuard> Failed { get; }
}

/// <summary>A guard that did not hold.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Revision">The revision of the key's entry; null when it has none.</param>
public sealed record KvFailedGuard(string Key, long? Revision);

/// <summary>The revision is forgotten. Begin again with the latest state.</summary>
public sealed class KvRevisionGoneException : KvStoreException
{
    internal KvRevisionGoneException(WireProblem problem)
        : base(HttpStatusCode.Gone, problem) => OldestRevision = problem.OldestRevision;

    /// <summary>The oldest revision that can be read; null when the service did not say.</summary>
    public long? OldestRevision { get; }
}
