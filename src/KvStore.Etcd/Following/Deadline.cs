namespace KvStore.Etcd;

/// <summary>When to give up.</summary>
/// <param name="At">The latest time, as a timestamp.</param>
/// <param name="Hurry">Ends the wait earlier.</param>
internal readonly record struct Deadline(long At, CancellationToken Hurry);
