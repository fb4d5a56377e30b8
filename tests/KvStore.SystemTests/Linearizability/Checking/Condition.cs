namespace KvStore.SystemTests;

internal enum ConditionKind
{
    None,

    /// <summary>If-Match: *</summary>
    Exists,

    /// <summary>If-None-Match: *</summary>
    Absent,

    /// <summary>If-Match: "revision"</summary>
    RevisionIs,

    /// <summary>If-None-Match: "revision"</summary>
    RevisionIsNot,
}

/// <summary>What a write asks of the entry that it meets.</summary>
internal readonly record struct Condition(ConditionKind Kind, long Revision = 0)
{
    /// <summary>Whether it can hold. An entry of an unknown revision can have the one that is asked for, and can have another.</summary>
    public bool CanHold(Register entry) => Kind switch
    {
        ConditionKind.None => true,
        ConditionKind.Exists => !entry.IsAbsent,
        ConditionKind.Absent => entry.IsAbsent,
        ConditionKind.RevisionIs => !entry.IsAbsent && (entry.Revision ?? Revision) == Revision,
        ConditionKind.RevisionIsNot => entry.IsAbsent || entry.Revision != Revision,
        _ => throw new InvalidOperationException($"Unknown kind {Kind}."),
    };

    /// <summary>The entry that the condition did not hold for, after an answer that says so and tells the entry's revision (null: there is no entry). Null if that cannot be.</summary>
    public Register? Refused(Register entry, long? revision)
    {
        Register? seen = revision is { } known ? entry.SeenAt(known) : entry.IsAbsent ? entry : null;
        return seen is { } met && !CanHold(met) ? met : null;
    }

    /// <summary>As a header line of a request; empty if nothing is asked.</summary>
    public string Header => Kind switch
    {
        ConditionKind.None => "",
        ConditionKind.Exists => "If-Match: *\r\n",
        ConditionKind.Absent => "If-None-Match: *\r\n",
        ConditionKind.RevisionIs => $"If-Match: \"{Revision}\"\r\n",
        ConditionKind.RevisionIsNot => $"If-None-Match: \"{Revision}\"\r\n",
        _ => throw new InvalidOperationException($"Unknown kind {Kind}."),
    };

    public override string ToString() => Kind == ConditionKind.None ? "" : " " + Header.TrimEnd();
}
