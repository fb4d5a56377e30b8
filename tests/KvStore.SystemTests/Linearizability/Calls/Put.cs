namespace KvStore.SystemTests;

internal sealed record Put(int Key, string Value, Condition Condition = default) : KeyCall(Key)
{
    public override bool IsRead => false;

    protected override Register? Carry(Register entry, Answer? answer) => answer switch
    {
        null => Condition.CanHold(entry) ? new Register(Value, null) : null,
        { Status: 201 or 204, EntryRevision: { } revision } =>
            Condition.CanHold(entry) && entry.IsAbsent == (answer.Status == 201) && !(entry.Revision >= revision) ? new Register(Value, revision) : null,
        { Status: 412 } => Condition.Refused(entry, answer.EntryRevision),
        _ => null,
    };

    public override string ToString() => $"PUT {Name} = {Value}{Condition}";
}
