namespace KvStore.Origins;

/// <summary>What is asked of an origin for one key.</summary>
/// <param name="Key">The whole key, with the prefix of the origin.</param>
/// <param name="ETag">The origin's ETag of what the store has, so that the origin can say that it is still valid; null for none.</param>
public readonly record struct LoadRequest(Key Key, string? ETag);
