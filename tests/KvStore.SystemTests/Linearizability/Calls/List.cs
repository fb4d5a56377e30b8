namespace KvStore.SystemTests;

/// <summary>A listing of the first so many keys, with their values.</summary>
/// <param name="KeyCount">How many.</param>
/// <param name="IsBatch">Whether it is a batch read, which names the keys.</param>
internal sealed record List(int KeyCount, bool IsBatch = false) : Call
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

    public override string ToString() => IsBatch ? "BATCH GET" : "LIST";
}
