namespace KvStore.Client;

/// <summary>What became of an import. Immutable.</summary>
/// <param name="Revision">The revision of the last commit.</param>
/// <param name="Imported">The number of stored entries.</param>
/// <param name="Expired">The number of entries whose expiry had passed.</param>
/// <param name="Failed">The number of invalid lines.</param>
/// <param name="Errors">The first 100 of them.</param>
public sealed record KvImportReport(KvRevision Revision, long Imported, long Expired, long Failed, IReadOnlyList<KvImportError> Errors);

/// <summary>An invalid line of an import.</summary>
/// <param name="Line">Its number; the first one is 1.</param>
/// <param name="Detail">What is wrong with it.</param>
public sealed record KvImportError(long Line, string Detail);
