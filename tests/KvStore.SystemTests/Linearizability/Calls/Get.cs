namespace KvStore.SystemTests;

internal sealed record Get(int Key) : KeyCall(Key)
{
    public override bool IsRead => true;

    protected override Register? Carry(Register entry, Answer? answer) => answer switch
    {
        { Status: 200 } => entry.SeenAs(new Register(answer.Value, answer.EntryRevision)),
        { Status: 404 } => entry.SeenAs(default),
        _ => null,
    };

    public override string ToString() => $"GET {Name}";
}
