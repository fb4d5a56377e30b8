namespace KvStore.Origins;

/// <summary>What one key is, for an origin: what its entry is, or that it has none.</summary>
/// <param name="Key">The whole key, with the prefix of the origin.</param>
/// <param name="Value">The value; null if the entry was deleted. It is borrowed: the sink does not change it.</param>
/// <param name="ContentType">The media type, as the entry has it; empty for none.</param>
/// <param name="Revision">A fence: it grows with each write of the key, so an origin that keeps it can reject what is older than what it has.</param>
/// <param name="IdempotencyKey">Names this write: a call that is made again has the same one, so the origin can tell.</param>
public sealed record OriginWrite(Key Key, ReadOnlyMemory<byte>? Value, string ContentType, long Revision, string IdempotencyKey);
