namespace KvStore.SystemTests;

/// <summary>A listing of the first so many keys, with their values.</summary>
internal sealed record List(int KeyCount) : Call
{
    public override IEnumerable<int> Keys => Enumerable.Range(0, KeyCount);

    public override bool IsRead => true;

    public override State? Carry(State state, Answer? answer)
    {
        if (answer is not { Status: 200 })
            return null;
        foreach (var key in Keys)
        {
            if (state[key].SeenAs(answer.Registers[key]) is not { } seen)
                return null;
            state = state.With(key, seen);
        }

        return state;
    }

    public override string ToString() => "LIST";
}
