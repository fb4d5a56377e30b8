namespace KvStore.Server;

/// <summary>POST of /v1/txn: guards and operations, carried out together or not at all.</summary>
internal sealed class TransactionEndpoints(Store store, RequestBodies bodies, LargeAnswers answers, KvStoreOptions options, TimeProvider time)
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var endpoints = ActivatorUtilities.CreateInstance<TransactionEndpoints>(routes.ServiceProvider);
        routes.Map(HttpMethods.Post, "/v1/txn", endpoints.RunAsync, TransactionApi.Run);
    }

    private async Task<Problem?> RunAsync(HttpContext context)
    {
        TransactionBody? body = null;
        Transaction? transaction = null;
        string? idempotencyKey = null;
        var problem = QueryParameters.TryGet(context, [], out _) ?? IdempotencyHeader.TryGet(context, out idempotencyKey);
        if (problem is null)
            (body, transaction, problem) = await ReadAsync(context, idempotencyKey);
        if (problem is not null)
            return problem;

        // Before it is submitted, so by what it would read now: afterwards it could not be refused.
        if (!TryBegin(transaction!, out var charge))
            return Problems.Overloaded("large answers", RetryTimes.Overloaded);
        using var charged = charge;
        switch (await store.SubmitAsync(transaction!))
        {
            case Outcome.Committed committed:
                await TransactionAnswer.WriteAsync(context, options, transaction!, committed);
                return null;
            case Outcome.Replayed replayed:
                IdempotencyHeader.SetReplayed(context.Response);
                await TransactionAnswer.WriteAsync(context, options, transaction!, replayed.Original);
                return null;
            case Outcome.GuardsFailed failed:
                context.Response.SetRevision(failed.Revision);
                return Problems.GuardsFailed([.. failed.Failed.Select(each => new FailedMember(body!.FieldOf(each.Guard), each.Guard.Key, each.Current?.Revision))]);
            case var outcome:
                return WriteOutcome.ProblemOf(context.Response, outcome);
        }
    }

    private bool TryBegin(Transaction transaction, out IDisposable? charge)
    {
        charge = null;
        List<Entry?> entries = [];
        var read = store.Latest;
        foreach (var operation in transaction.Operations)
        {
            if (operation is Get)
                entries.Add(read.Find(operation.Key));
        }

        return entries.Count == 0 || answers.TryBegin(entries, out charge);
    }

    // The operations have copies, so the bytes are released before they wait.
    private async ValueTask<(TransactionBody? Body, Transaction? Transaction, Problem? Problem)> ReadAsync(HttpContext context, string? idempotencyKey)
    {
        using var received = await bodies.ReadJsonAsync(context);
        TransactionBody? body = null;
        var problem = received.Problem ?? TransactionBody.TryParse(received.Bytes, options, time.GetUtcNow(), out body) ?? body.Check(Access.Of(context));
        return (body, problem is null ? body!.ToTransaction(IdempotencyHeader.For(context, options, idempotencyKey, received.Bytes)) : null, problem);
    }
}
