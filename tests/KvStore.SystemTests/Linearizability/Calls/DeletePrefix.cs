using System.Globalization;

namespace KvStore.SystemTests;

/// <summary>A deletion of the first so many keys together, by what all of them begin with. The answer's value is how many had an entry.</summary>
internal sealed record DeletePrefix(int KeyCount) : Call
{
    public override IEnumerable<int> Keys => Enumerable.Range(0, KeyCount);

    public override bool IsRead => false;

    public override bool HasChanged(Answer answer) => answer.IsSuccess && answer.Value != "0";

    public override State? Carry(State state, Answer? answer)
    {
        var present = Keys.Count(key => !state[key].IsAbsent);
        if (answer is null ? present == 0 : answer.Status != 200 || answer.Value != present.ToString(CultureInfo.InvariantCulture))
            return null;
        foreach (var key in Keys)
        {
            if (state[key].Revision >= answer?.Revision)
                return null;
            state = state.With(key, default);
        }

        return state;
    }

    public override string ToString() => "DELETE ALL";
}
