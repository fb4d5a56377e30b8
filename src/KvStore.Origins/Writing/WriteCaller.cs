using System.Diagnostics;

namespace KvStore.Origins;

/// <summary>Makes single writes to an origin, by the tokens and the breaker that its loads use. Does not repeat them. Thread-safe.</summary>
/// <param name="options">The settings of the origin.</param>
/// <param name="sink">The origin.</param>
/// <param name="gate">Whether and when it is called.</param>
/// <param name="report">Called with what an operator may want to know, from any thread. It must not throw.</param>
/// <param name="time">The clock.</param>
/// <param name="fenceBase">What is added to revisions, so that an origin that keeps them has none from an earlier start that is higher.</param>
internal sealed class WriteCaller(OriginOptions options, IOriginSink sink, OriginGate gate, Action<OriginEvent> report, TimeProvider time, long fenceBase = 0)
{
    /// <summary>Takes a token and writes, all within <see cref="OriginOptions.LoadTimeout"/>.</summary>
    /// <param name="write">What to write.</param>
    /// <param name="stopping">Ends the wait for a token, and the call.</param>
    /// <returns>What came of it. That there was no time, or that it was stopped, is a failure as well.</returns>
    public async Task<WriteResult> WriteAsync(OriginWrite write, CancellationToken stopping)
    {
        if (gate.Breaker.OpenLeft is { } left)
            return NotCalled(LoadFailures.BreakerOpen(left));
        using var late = new CancellationTokenSource(options.LoadTimeout, time);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(late.Token, stopping);
        try
        {
            await gate.Tokens.TakeAsync(ending.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return NotCalled(stopping.IsCancellationRequested ? LoadFailures.Stopping : LoadFailures.NotCalled(options));
        }

        if (gate.Breaker.TryEnter(out var period))
            return await CallAsync(write, period, ending.Token, stopping).ConfigureAwait(false);
        gate.Tokens.Return();
        return NotCalled(LoadFailures.BreakerOpen(gate.Breaker.OpenLeft ?? TimeSpan.Zero));
    }

    private async Task<WriteResult> CallAsync(OriginWrite write, long period, CancellationToken ending, CancellationToken stopping)
    {
        using var span = LoadSpans.BeginWrite(options.Name);
        var (result, verdict) = await AskAsync(write, ending, stopping).ConfigureAwait(false);
        gate.Record(period, verdict);
        if (result is WriteResult.Failed { Kind: LoadFailure.Throttled } throttled)
            gate.Pause(throttled.RetryAfter);
        if (result is WriteResult.Failed failed)
            span?.SetStatus(ActivityStatusCode.Error, failed.Detail);
        return result;
    }

    private async Task<(WriteResult Result, CallVerdict Verdict)> AskAsync(OriginWrite write, CancellationToken ending, CancellationToken stopping)
    {
        try
        {
            var result = await sink.WriteAsync(write with { Revision = fenceBase + write.Revision }, ending).ConfigureAwait(false);
            return (result, result is WriteResult.Failed { Kind: not LoadFailure.Throttled } ? CallVerdict.Ill : CallVerdict.Healthy);
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            return stopping.IsCancellationRequested
                ? (new WriteResult.Failed(LoadFailures.Stopping.Kind, null, LoadFailures.Stopping.Detail), CallVerdict.None)
                : (new WriteResult.Failed(LoadFailure.Timeout, null, LoadFailures.NotAnswered(options).Detail), CallVerdict.Ill);
        }
        catch (Exception exception)
        {
            report(new(OriginEventKind.Faulted, "A write to the origin ended by an exception.", exception));
            return (new WriteResult.Failed(LoadFailure.BadAnswer, null, LoadFailures.Internal("The origin could not be called").Detail), CallVerdict.None);
        }
    }

    private static WriteResult.Failed NotCalled(LoadResult.Failed failure) => new(failure.Kind, failure.RetryAfter, failure.Detail) { MayBeWritten = false, IsUnreachable = true };
}
