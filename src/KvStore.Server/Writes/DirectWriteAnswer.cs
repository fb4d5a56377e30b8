namespace KvStore.Server;

/// <summary>The answer to a write whose outcome the store gives.</summary>
/// <param name="context">The request.</param>
/// <param name="answer">The answer if it was committed.</param>
internal sealed class DirectWriteAnswer(HttpContext context, Func<Outcome.Committed, WriteAnswer> answer) : DirectAnswer(context), IOutcomeReceiver
{
    private Outcome? _outcome;

    public void Receive(Outcome outcome)
    {
        _outcome = outcome;
        Answer();
    }

    protected override Task AnswerAsync()
    {
        var answering = WriteOutcome.AnswerAsync(Context, _outcome!, answer);
#pragma warning disable RS0030, CA1849 // It has completed, so nothing blocks.
        return answering is { IsCompletedSuccessfully: true, Result: null } ? Task.CompletedTask : WriteProblemAsync(answering);
#pragma warning restore RS0030, CA1849
    }

    private async Task WriteProblemAsync(Task<Problem?> answering)
    {
        if (await answering is { } problem)
            await problem.WriteAsync(Context);
    }
}
