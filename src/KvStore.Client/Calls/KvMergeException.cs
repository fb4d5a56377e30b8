using System.Net;
using KvStore.Crdt;

namespace KvStore.Client;

/// <summary>
/// A mergeable value does not take a change, or is another one than was expected; <see cref="KvStoreException.Problem"/> says why, such as <c>other-type</c>, <c>other-lineage</c>,
/// <c>replica-gap</c> or <c>replica-retired</c>. The call is not retried.
/// </summary>
public sealed class KvMergeException : KvStoreException
{
    internal KvMergeException(HttpStatusCode status, WireProblem problem)
        : base(status, problem) => Version = problem.Version is null ? null : VersionVector.TryParse(problem.Version);

    /// <summary>What the value includes; null if the service did not say.</summary>
    public VersionVector? Version { get; }

    internal static bool IsOfMerge(WireProblem problem) => problem.Name is "not-mergeable" or "other-type" or "other-lineage" or "replica-gap" or "replica-forked" or "replica-retired"
        or "unsupported-intent" or "out-of-range";
}
