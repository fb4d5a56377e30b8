namespace KvStore.Mergeable;

/// <summary>What mergeable values take and did.</summary>
/// <param name="Decoded">Values that are kept decoded now.</param>
/// <param name="Merges">Requests since the start.</param>
/// <param name="Commits">Commits since the start, of one request or more each.</param>
/// <param name="Rewrites">Commits among them that wrote a whole value that was there.</param>
/// <param name="Collections">Collections of garbage since the start.</param>
/// <param name="RetiredReplicas">Replicas that these removed.</param>
public sealed record MergeableStatus(long Decoded, long Merges, long Commits, long Rewrites, long Collections, long RetiredReplicas);
