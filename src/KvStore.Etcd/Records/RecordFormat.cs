namespace KvStore.Etcd;

/// <summary>The version of what records mean. Every replica must come to the same state, so one that does not know a version stops instead of guessing.</summary>
/// <remarks>
/// What a transaction does to a state is more than its code: the sizes beyond which a merge patch must be prepared, the suffix of an appended key, the
/// bytes of an idempotency record, and the characters that the runtime's JSON writer escapes.
/// </remarks>
internal static class RecordFormat
{
    /// <summary>The version that is written. A change of what a transaction does to a state is a new version too.</summary>
    public const uint Current = 1;
}
