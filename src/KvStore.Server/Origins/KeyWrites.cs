using KvStore.Origins;

namespace KvStore.Server;

/// <summary>Where endpoints submit writes of one key: to the store, or by way of the origin that the key comes from. Thread-safe.</summary>
internal sealed class KeyWrites(Store store, ServedOrigins origins)
{
    /// <summary>Submits a write.</summary>
    /// <param name="transaction">A transaction of one operation, with guards of its key.</param>
    /// <param name="leaving">Ends the wait for what has to happen before the write; not the write.</param>
    public Task<Outcome> SubmitAsync(Transaction transaction, CancellationToken leaving) =>
        origins.Find(transaction.Operations[0].Key) is { } origin && origin.Writer.Takes(transaction)
            ? WriteAsync(origin.Writer, transaction, leaving)
            : store.SubmitAsync(transaction);

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
