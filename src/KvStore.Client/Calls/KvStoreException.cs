using System.Net;

namespace KvStore.Client;

/// <summary>What is known about a write that ended with an exception, over all attempts of the call.</summary>
public enum KvOutcome
{
    /// <summary>It may or may not have been applied, and may even be applied later. Read before you decide, or repeat it with the same idempotency key.</summary>
    Unknown,

    /// <summary>It changed nothing and will not. It is safe to repeat.</summary>
    NotApplied,

    /// <summary>It was applied, but its result did not arrive. Do not repeat it with another idempotency key.</summary>
    Applied,
}

/// <summary>
/// A call failed: the service rejected it, or no answer of the service arrived. <see cref="Exception.Message"/> says why and what to do.
/// </summary>
public class KvStoreException : Exception
{
    /// <summary>Makes one, for fakes of <see cref="IKvStoreClient"/>.</summary>
    /// <param name="message">What went wrong.</param>
    /// <param name="status">The HTTP status; null for no answer.</param>
    /// <param name="outcome">What is known of the write.</param>
    /// <param name="inner">The cause; null for none.</param>
    public KvStoreException(string message, HttpStatusCode? status, KvOutcome outcome, Exception? inner = null)
        : base(message, inner)
    {
        StatusCode = status;
        Problem = "";
        Outcome = outcome;
    }

    private protected KvStoreException(HttpStatusCode status, WireProblem problem)
        : base(problem.Detail ?? problem.Title ?? $"The service answered {(int)status}.")
    {
        StatusCode = status;
        Problem = problem.Name;
        Field = problem.Field;
        Outcome = problem.Outcome switch
        {
            "not-applied" => KvOutcome.NotApplied,
            null when (int)status < 500 => KvOutcome.NotApplied,
            _ => KvOutcome.Unknown,
        };
    }

    /// <summary>The HTTP status of the last attempt; null if it got no answer.</summary>
    public HttpStatusCode? StatusCode { get; }

    /// <summary>
    /// The stable name of the problem, such as <c>queue-full</c>; the service's docs/http-api.md explains each. Empty if the last attempt got no
    /// answer, or one that is not from the service.
    /// </summary>
    public string Problem { get; }

    /// <summary>The part of the request that is wrong; null if no single part is.</summary>
    public string? Field { get; }

    /// <summary>What became of the write, over all attempts of the call; <see cref="KvOutcome.NotApplied"/> for reads.</summary>
    public KvOutcome Outcome { get; internal set; }

    /// <summary>What went wrong, what to do, and what is known about the write.</summary>
    public override string Message => Outcome switch
    {
        KvOutcome.Unknown => base.Message + " Whether the write was applied is unknown.",
        KvOutcome.Applied => base.Message + " The write was applied.",
        _ => base.Message,
    };

    /// <summary>The revision of the state that a read found without an entry; null if the answer names none.</summary>
    internal KvRevision? StateRevision { get; init; }

    /// <summary>Whether the service says that the entry does not exist.</summary>
    internal bool IsAbsence => StatusCode == HttpStatusCode.NotFound && Problem == "not-found";

    /// <summary>Whether the service was not even connected to.</summary>
    internal bool IsUnreachable { get; init; }

    /// <summary>Whether the attempt may end differently if it is repeated.</summary>
    internal bool IsTransient { get; init; }

    /// <summary>The delay before another try that the service asks for; null if it asks for none.</summary>
    public TimeSpan? RetryAfter { get; internal init; }

    internal static KvStoreException Of(HttpResponseMessage response, WireProblem problem) => response.StatusCode switch
    {
        HttpStatusCode.PreconditionFailed => new KvPreconditionFailedException(response, problem),
        var status when KvMergeException.IsOfMerge(problem) => new KvMergeException(status, problem),
        HttpStatusCode.Gone => new KvRevisionGoneException(problem),
        var status when KvOriginException.IsOfOrigin(problem) => new KvOriginException(status, problem) { RetryAfter = response.Headers.RetryAfter?.Delta },
        var status => new KvStoreException(status, problem) { IsTransient = IsTransientStatus(status), RetryAfter = response.Headers.RetryAfter?.Delta, StateRevision = Answer.RevisionOf(response) },
    };

    internal static bool IsTransientStatus(HttpStatusCode status) => status is HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout
        or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout;
}

/// <summary>
/// A condition of a write or a guard of a transaction failed: read and decide again. <see cref="KvStoreException.Outcome"/> is
/// <see cref="KvOutcome.Unknown"/> if an earlier attempt of the call may have been the one that changed the entry.
/// </summary>
public sealed class KvPreconditionFailedException : KvStoreException
{
    internal KvPreconditionFailedException(HttpResponseMessage response, WireProblem problem)
        : base(HttpStatusCode.PreconditionFailed, problem)
    {
        var revision = Answer.RevisionOf(response) ?? default;
        CurrentRevision = Answer.TryParseETag(response.Headers.ETag, out var current) ? revision.WithNumber(current) : null;
        Failed = [.. (problem.Failed ?? []).Select(guard => new KvFailedGuard(guard.Key, guard.Revision is { } number ? revision.WithNumber(number) : null))];
    }

    /// <summary>Makes one, for fakes of <see cref="IKvStoreClient"/>.</summary>
    /// <param name="message">What failed.</param>
    /// <param name="current">The current revision of the entry; null if there is none.</param>
    public KvPreconditionFailedException(string message, KvRevision? current = null)
        : base(message, HttpStatusCode.PreconditionFailed, KvOutcome.NotApplied) => (CurrentRevision, Failed) = (current, []);

    /// <summary>The current revision of the entry; null if there is none, and for transactions.</summary>
    public KvRevision? CurrentRevision { get; }

    /// <summary>Every failed guard of a transaction; empty for other writes.</summary>
    public IReadOnlyList<KvFailedGuard> Failed { get; }
}

/// <summary>A failed guard.</summary>
/// <param name="Key">The key of the guard.</param>
/// <param name="Revision">The current revision of the entry; null if there is none.</param>
public sealed record KvFailedGuard(string Key, KvRevision? Revision);

/// <summary>The revision is no longer retained, or another store assigned it. Begin again with the latest state.</summary>
public sealed class KvRevisionGoneException : KvStoreException
{
    internal KvRevisionGoneException(WireProblem problem)
        : base(HttpStatusCode.Gone, problem) => OldestRevision = problem.OldestRevision;

    /// <summary>The oldest revision that can be read; null if the service did not say.</summary>
    public long? OldestRevision { get; }
}

/// <summary>
/// An entry comes from an origin that does not give it, or does not take a write; <see cref="KvStoreException.Problem"/> says why. Calls are retried if the origin is not called for a while or too much
/// waits for it (<c>origin-unavailable</c>, <c>too-many-loads</c>, <c>outbox-full</c>). They are not if it failed or did not answer in time, because the service has tried again itself, nor if nothing was to be loaded (<c>not-cached</c>).
/// </summary>
public sealed class KvOriginException : KvStoreException
{
    internal KvOriginException(HttpStatusCode status, WireProblem problem)
        : base(status, problem) => IsTransient = problem.Name is "origin-unavailable" or "too-many-loads" or "outbox-full";

    internal static bool IsOfOrigin(WireProblem problem) =>
        problem.Name is "not-cached" or "too-many-loads" or "outbox-full" || problem.Name.StartsWith("origin-", StringComparison.Ordinal);
}
