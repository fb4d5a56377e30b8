namespace KvStore.SystemTests;

internal sealed record Delete(int Key, Condition Condition = default) : KeyCall(Key)
{
    public override bool IsRead => false;

    protected override Register? Carry(Register entry, Answer? answer) => answer switch
    {
        null or { Status: 204 } => !entry.IsAbsent && Condition.CanHold(entry) && !(entry.Revision >= answer?.Revision) ? default(Register) : null,
        { Status: 404 } => entry.SeenAs(default),
        { Status: 412, EntryRevision: not null } => Condition.Refused(entry, answer.EntryRevision),
        _ => null,
    };

    public override string ToString() => $"DELETE {Name}{Condition}";
}
