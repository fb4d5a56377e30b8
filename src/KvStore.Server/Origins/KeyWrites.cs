using KvStore.Origins;

namespace KvStore.Server;

/// <summary>Where endpoints submit writes of one key: to the store, or by way of the origin that the key comes from. Thread-safe.</summary>
internal sealed class KeyWrites(Store store, ServedOrigins origins)
{
    /// <summary>Submits a write.</summary>
    /// <param name="transaction">A transaction of one operation, with guards of its key.</param>
    /// <param name="context">The request. Its end ends the wait for what has to happen before the write; not the write.</param>
    public Task<Outcome> SubmitAsync(Transaction transaction, HttpContext context) =>
        origins.Find(transaction.Operations[0].Key) is { } origin && origin.Writer.Takes(transaction)
            ? WriteAsync(origin.Writer, transaction, context.RequestAborted)
            : store.SubmitAsync(transaction);

    /// <summary>Submits a write, or what a client has loaded from an origin that only clients can ask.</summary>
    /// <param name="transaction">As above.</param>
    /// <param name="loadToken">The token with which it was loaded; null for an ordinary write.</param>
    /// <param name="context">As above.</param>
    public Task<Outcome> SubmitAsync(Transaction transaction, string? loadToken, HttpContext context) =>
        loadToken is null || OriginInterceptor.SetsExpiry(transaction.Operations[0]) ? SubmitAsync(transaction, context) : StoreLoadedAsync(transaction, loadToken);

    /// <summary>Submits a write whose caller needs no task, if it is for the store as it is; otherwise returns false.</summary>
    public bool TrySubmit(Transaction transaction, string? loadToken, IOutcomeReceiver receiver)
    {
        if (loadToken is not null || origins.Find(transaction.Operations[0].Key) is not null)
            return false;
        store.Submit(transaction, receiver);
        return true;
    }

    private async Task<Outcome> StoreLoadedAsync(Transaction transaction, string loadToken)
    {
        var key = transaction.Operations[0].Key;
        if (origins.Find(key) is not { Leases: { } leases } || leases.TryRead(loadToken, key, store.Id) is not { } ticket)
            return new FailedWrite(OriginProblems.LoadTokenOutdated()) { Revision = store.Latest.Revision };
        var outcome = await store.SubmitAsync(leases.Store(transaction, ticket));
        return outcome is Outcome.GuardsFailed failed ? new FailedWrite(OriginProblems.LoadTokenOutdated()) { Revision = failed.Revision } : outcome;
    }

    private static async Task<Outcome> WriteAsync(KeyWriter writer, Transaction transaction, CancellationToken leaving) =>
        await writer.WriteAsync(transaction, leaving) switch
        {
            KeyWriteResult.Submitted submitted => submitted.Outcome,
            KeyWriteResult.NotLoaded failed => new FailedWrite(OriginProblems.NotLoaded(failed.Failure) with { Outcome = "not-applied" }),
            KeyWriteResult.NotStored => new FailedWrite(OriginProblems.NotStored() with { Outcome = "not-applied" }),
            KeyWriteResult.Busy busy => new FailedWrite(OriginProblems.WriteBusy(busy.RetryAfter)),
            KeyWriteResult.NotCalled notCalled => new FailedWrite(OriginProblems.WriteNotCalled(notCalled.Detail, notCalled.RetryAfter)),
            KeyWriteResult.Refused refused => new FailedWrite(OriginProblems.WriteRefused(refused.Detail)),
            KeyWriteResult.Unknown unknown => new FailedWrite(OriginProblems.WriteUnknown(unknown.Detail)),
            var other => throw new InvalidOperationException($"Unknown result {other.GetType().Name}."),
        };
}
