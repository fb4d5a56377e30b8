namespace KvStore.SystemTests;

/// <summary>What a transaction asks of a key: that it has an entry, that it has none, or that its entry has a revision, of which 0 means that there is none.</summary>
internal readonly record struct TransactionGuard(int Key, Condition Condition)
{
    private Condition Meaning => Condition is { Kind: ConditionKind.RevisionIs, Revision: 0 } ? new Condition(ConditionKind.Absent) : Condition;

    /// <summary>The entry, when the guard has held for it; null if it cannot have.</summary>
    public Register? Held(Register entry) => Meaning switch
    {
        { Kind: ConditionKind.RevisionIs, Revision: var revision } => entry.SeenAt(revision),
        var meaning => meaning.CanHold(entry) ? entry : null,
    };

    /// <summary>The entry, when the guard has not held for it and the answer tells its revision (null: there is no entry). Null if that cannot be.</summary>
    public Register? Refused(Register entry, long? revision) => Meaning.Refused(entry, revision);

    public override string ToString() => $"{Call.NameOf(Key)}" + Condition.Kind switch
    {
        ConditionKind.Exists => " exists",
        ConditionKind.Absent => " is absent",
        ConditionKind.RevisionIs => $" is at {Condition.Revision}",
        _ => throw new InvalidOperationException($"No guard of a transaction: {Condition.Kind}."),
    };
}

/// <summary>A guard of a transaction that did not hold, as the answer tells of it.</summary>
/// <param name="Field">What in the request asks for it.</param>
/// <param name="Key">Its key.</param>
/// <param name="Revision">The revision of the key's entry; null if there is none.</param>
internal readonly record struct FailedGuard(string Field, int Key, long? Revision)
{
    public override string ToString() => $"{Field}: {Call.NameOf(Key)} " + (Revision is { } revision ? $"is at {revision}" : "is absent");
}
