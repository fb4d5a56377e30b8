namespace KvStore.SystemTests;

/// <summary>
/// What a client asked for, and the sequential specification of it: docs/http-api.md, for one request at a time. A key is a
/// small number.
/// </summary>
internal abstract record Call
{
    /// <summary>The keys that it reads or writes.</summary>
    public abstract IEnumerable<int> Keys { get; }

    /// <summary>Whether it only reads.</summary>
    public abstract bool IsRead { get; }

    /// <summary>Whether it was a write that changed something, so that its answer is at a revision of its own.</summary>
    public virtual bool HasChanged(Answer answer) => !IsRead && answer.IsSuccess;

    /// <summary>Carries it out.</summary>
    /// <param name="state">The state that it meets.</param>
    /// <param name="answer">Its answer; null if that was lost.</param>
    /// <returns>The state afterwards; null if it cannot have that answer there. With a lost answer: null if it would change nothing there.</returns>
    public abstract State? Carry(State state, Answer? answer);

    public static string NameOf(int key) => ((char)('a' + key)).ToString();
}

/// <summary>A call that has to do with one key.</summary>
internal abstract record KeyCall(int Key) : Call
{
    public sealed override IEnumerable<int> Keys => [Key];

    protected string Name => NameOf(Key);

    public sealed override State? Carry(State state, Answer? answer) =>
        Carry(state[Key], answer) is { } entry ? state.With(Key, entry) : null;

    protected abstract Register? Carry(Register entry, Answer? answer);
}
