namespace KvStore.Crdt;

/// <summary>An edit of a text: deletes, then inserts at the same position.</summary>
/// <param name="At">The position, in Unicode scalars.</param>
/// <param name="Insert">What to insert; null for nothing.</param>
/// <param name="Delete">How many scalars to delete.</param>
public readonly record struct TextEdit(int At, string? Insert, int Delete);
