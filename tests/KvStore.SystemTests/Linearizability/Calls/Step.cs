namespace KvStore.SystemTests;

/// <summary>One of the operations of a transaction.</summary>
/// <param name="Key">The key; of a move, the one that loses its entry.</param>
internal abstract record Step(int Key)
{
    /// <summary>The keys that it reads or writes.</summary>
    public virtual IEnumerable<int> Keys => [Key];

    /// <summary>The key that a revision in its result belongs to.</summary>
    public virtual int ResultKey => Key;

    protected string Name => Call.NameOf(Key);

    /// <summary>Whether it can have that result in that state, in a transaction of that revision.</summary>
    public abstract bool CanBe(State before, StepResult result, long revision);

    /// <summary>Does it.</summary>
    /// <param name="before">The state before the transaction.</param>
    /// <param name="state">The same after the steps before this one.</param>
    /// <param name="revision">The transaction's; null if it is not known.</param>
    public abstract State Write(State before, State state, long? revision);
}

internal sealed record PutStep(int Key, string Value) : Step(Key)
{
    public override bool CanBe(State before, StepResult result, long revision) =>
        result == new StepResult(before[Key].IsAbsent, revision) && !(before[Key].Revision >= revision);

    public override State Write(State before, State state, long? revision) => state.With(Key, new Register(Value, revision));

    public override string ToString() => $"PUT {Name} = {Value}";
}

internal sealed record DeleteStep(int Key) : Step(Key)
{
    public override bool CanBe(State before, StepResult result, long revision) =>
        result == new StepResult(!before[Key].IsAbsent) && !(before[Key].Revision >= revision);

    public override State Write(State before, State state, long? revision) => state.With(Key, default);

    public override string ToString() => $"DELETE {Name}";
}

/// <summary>Reads what was there before the transaction.</summary>
internal sealed record GetStep(int Key) : Step(Key)
{
    public override bool CanBe(State before, StepResult result, long revision) =>
        result == new StepResult(Entry: before[Key]) && !(before[Key].Revision > revision);

    public override State Write(State before, State state, long? revision) => state;

    public override string ToString() => $"GET {Name}";
}

internal sealed record MoveStep(int Key, int To) : Step(Key)
{
    public override IEnumerable<int> Keys => [Key, To];

    public override int ResultKey => To;

    public override bool CanBe(State before, StepResult result, long revision) =>
        result == new StepResult(Revision: revision) && !(before[Key].Revision >= revision) && !(before[To].Revision >= revision);

    public override State Write(State before, State state, long? revision) =>
        state.With(Key, default).With(To, new Register(before[Key].Value, revision));

    public override string ToString() => $"MOVE {Name} to {Call.NameOf(To)}";
}

/// <summary>What came of a step.</summary>
/// <param name="IsDone">Of a put: whether it created the entry. Of a delete: whether there was one.</param>
/// <param name="Revision">Of a put and a move: the entry's revision.</param>
/// <param name="Entry">Of a get: what was there.</param>
internal readonly record struct StepResult(bool IsDone = false, long? Revision = null, Register Entry = default)
{
    public override string ToString() =>
        !Entry.IsAbsent ? Entry.ToString() : (IsDone ? "created or deleted" : "not") + (Revision is { } revision ? $" at {revision}" : "");
}
