namespace KvStore.Server;

/// <summary>Turns the outcome of a write into an answer, or into the problem of the request.</summary>
internal static class WriteOutcome
{
    /// <summary>Answers a write that was committed, now or before; otherwise returns the problem.</summary>
    public static Task<Problem?> AnswerAsync(HttpContext context, Outcome outcome, Func<Outcome.Committed, WriteAnswer> answer)
    {
        switch (outcome)
        {
            case Outcome.Committed committed:
                return answer(committed).WriteAsync(context);
            case Outcome.Replayed replayed:
                IdempotencyHeader.SetReplayed(context.Response);
                return answer(replayed.Original).WriteAsync(context);
            default:
                return Task.FromResult<Problem?>(ProblemOf(context.Response, outcome));
        }
    }

    /// <summary>The same for a write of an entry that must exist, which its first guard demands: 404 if it does not.</summary>
    /// <remarks>Conditions are about an entry: without one the answer is 404 whatever they are (RFC 9110, section 13.2.1).</remarks>
    public static Task<Problem?> AnswerOfExistingAsync(HttpContext context, Outcome outcome, Func<Outcome.Committed, WriteAnswer> answer) =>
        outcome is Outcome.GuardsFailed { Failed: [{ Current: null }, ..] } failed
            ? Task.FromResult<Problem?>(EntryAnswer.NotFound(context.Response, failed.Revision))
            : AnswerAsync(context, outcome, answer);

    /// <summary>The problem of a write that was not committed. Sets the headers that go with it.</summary>
    public static Problem ProblemOf(HttpResponse response, Outcome outcome)
    {
        switch (outcome)
        {
            case Outcome.GuardsFailed unmet:
                response.SetRevision(unmet.Revision);
                return EntryAnswer.PreconditionFailed(response, unmet.Failed[0].Current);
            case Outcome.Rejected { Reason: RejectionReason.OriginOutboxFull } full:
                return ProblemOf(full);
            case Outcome.Rejected rejected:
                response.SetRevision(rejected.Revision);
                if (rejected.Current is { } current)
                    response.Headers.ETag = ResponseHeaders.ETagOf(current.Revision);
                return ProblemOf(rejected);
            case Outcome.IdempotencyKeyReused reused:
                response.SetRevision(reused.Revision);
                return Problems.IdempotencyKeyReused(IdempotencyHeader.KeyHeader);
            case Outcome.NotApplied notApplied:
                return ProblemOf(notApplied);
            case FailedWrite failed:
                if (failed.Revision is { } revision)
                    response.SetRevision(revision);
                return failed.Problem;
            case Outcome.Unknown:
                return Problems.UnknownOutcome();
            default:
                throw new InvalidOperationException($"{outcome.GetType().Name} is not a failure.");
        }
    }

    public static Problem ProblemOf(Outcome.NotApplied outcome) => outcome.Reason switch
    {
        NotAppliedReason.QueueFull => Problems.QueueFull(RetryTimes.OfQueue(outcome.RetryAfter)),
        NotAppliedReason.WaitedTooLong => Problems.Overloaded("waiting writes", RetryTimes.OfQueue(outcome.RetryAfter)),
        NotAppliedReason.Loading => Problems.WriteWhileLoading(),
        NotAppliedReason.Stopping => Problems.Unavailable("The service is stopping. Nothing was stored. Try again on another replica, or when it is back.", RetryTimes.Restart),
        NotAppliedReason.Failed => Problems.Unavailable("The store has failed and the service is ending. Nothing was stored. Try again when it is back.", RetryTimes.Restart),
        NotAppliedReason.NoSpace => Problems.NoSpace(),
        NotAppliedReason.MemoryFull => Problems.MemoryFull(),
        NotAppliedReason.Overloaded => Problems.Overloaded("recent idempotency records", RetryTimes.Overloaded),
        NotAppliedReason.LogClosed => Problems.Unavailable("The store can no longer write to its disk. Nothing was stored; reads continue. The output of the service has the reason; the operator must restart it.", RetryTimes.Restart),
        NotAppliedReason.Unreachable => Problems.Unreachable("Nothing was stored.", null) with { Outcome = "not-applied" },
        NotAppliedReason.RequestTooLarge => Problems.Unavailable(
            "Nothing was stored: etcd refuses a request of this size, although large writes are sent in parts of 64 KiB. The operator must raise etcd's --max-request-bytes, on every member; its default of 1.5 MiB is enough.", RetryTimes.Restart),

        // A reason that a commit log has and this version does not describe. What it means for the client is the same.
        _ => Problems.Unavailable("Nothing was stored. Try again after the time in Retry-After.", RetryTimes.Restart),
    };

    public static Problem ProblemOf(Outcome.Rejected rejected) => rejected switch
    {
        { Reason: RejectionReason.NotANumber } => Problems.NotANumber(),
        { Reason: RejectionReason.Overflow } => Problems.Overflow(),
        { Reason: RejectionReason.NotJson } => Problems.NotJson(),
        { Reason: RejectionReason.TooMany } => Problems.TooManyEntries(),
        { Reason: RejectionReason.RecordTooLarge } => Problems.AnswerTooLarge(),
        { Reason: RejectionReason.TooLarge } => Problems.ResultTooLarge(),
        { Reason: RejectionReason.TransactionTooLarge } => Problems.TransactionTooLarge(),
        { Reason: RejectionReason.MergeableValue } => MergeableProblems.IsMergeable(),
        { Reason: RejectionReason.OriginRefusesWrites } => OriginProblems.RefusesWrites(),
        { Reason: RejectionReason.OriginTakesSingleWrites } => OriginProblems.TakesSingleWrites(),
        { Reason: RejectionReason.OriginDecidesExpiry } => OriginProblems.DecidesExpiry(),
        { Reason: RejectionReason.OriginNeedsKeys } => OriginProblems.NeedsKeys(),
        { Reason: RejectionReason.OriginOutboxFull } => OriginProblems.OutboxFull(),
        _ => throw new InvalidOperationException($"Unknown reason {rejected.Reason}."),
    };
}
