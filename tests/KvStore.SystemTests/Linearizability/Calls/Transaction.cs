using System.Collections.Immutable;

namespace KvStore.SystemTests;

/// <summary>Guards and steps: all steps are done at one revision, or none because a guard does not hold.</summary>
internal sealed record Transaction(ImmutableArray<TransactionGuard> Guards, ImmutableArray<Step> Steps) : Call
{
    public override IEnumerable<int> Keys => Guards.Select(guard => guard.Key).Concat(Steps.SelectMany(step => step.Keys)).Distinct();

    public override bool IsRead => Steps.All(step => step is GetStep);

    public override bool HasChanged(Answer answer) => answer.Results.Any(result => result.Revision is not null || result.IsDone);

    /// <summary>All that must hold, in the order in which a refusal tells of it, and what in the request asks for it: a move asks for an entry, too.</summary>
    public IEnumerable<(string Field, TransactionGuard Guard)> AllGuards =>
    [
        .. Guards.Select((guard, i) => ($"guards[{i}]", guard)),
        .. Steps.Select((step, i) => ($"operations[{i}].move.from", new TransactionGuard(step.Key, new Condition(ConditionKind.Exists))))
            .Where((_, i) => Steps[i] is MoveStep),
    ];

    public override State? Carry(State state, Answer? answer) => answer switch
    {
        null => Commit(state, null),
        { Status: 200 } when answer.Results.Length == Steps.Length => Commit(state, answer),
        { Status: 412 } => Refuse(state, answer.Failed),
        _ => null,
    };

    public override string ToString() =>
        "TRANSACTION" + (Guards.IsEmpty ? "" : " if " + string.Join(", ", Guards)) + ": " + string.Join(", ", Steps.AsEnumerable());

    private State? Commit(State state, Answer? answer)
    {
        foreach (var (_, guard) in AllGuards)
        {
            if (guard.Held(state[guard.Key]) is not { } met)
                return null;
            state = state.With(guard.Key, met);
        }

        // Whatever the order of the steps, each meets what was there before all of them.
        var after = state;
        for (var i = 0; i < Steps.Length; i++)
        {
            if (Steps[i] is not GetStep get || answer is null)
                continue;
            if (state[get.Key].SeenAs(answer.Results[i].Entry) is not { } seen)
                return null;
            state = after = state.With(get.Key, seen);
        }

        for (var i = 0; i < Steps.Length; i++)
        {
            if (answer is not null && !Steps[i].CanBe(state, answer.Results[i], answer.Revision))
                return null;
            after = Steps[i].Write(state, after, answer?.Revision);
        }

        return answer is null && ReferenceEquals(after, state) ? null : after;
    }

    /// <summary>Exactly these guards did not hold.</summary>
    private State? Refuse(State state, ImmutableArray<FailedGuard> failed)
    {
        var reported = 0;
        foreach (var (field, guard) in AllGuards)
        {
            var entry = state[guard.Key];
            var met = reported < failed.Length && failed[reported].Field == field
                ? failed[reported].Key == guard.Key ? guard.Refused(entry, failed[reported++].Revision) : null
                : guard.Held(entry);
            if (met is not { } known)
                return null;
            state = state.With(guard.Key, known);
        }

        return reported > 0 && reported == failed.Length ? state : null;
    }
}
