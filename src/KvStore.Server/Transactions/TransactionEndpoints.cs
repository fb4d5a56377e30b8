namespace KvStore.Server;

/// <summary>POST of /v1/txn: guards and operations, carried out together or not at all.</summary>
internal sealed class TransactionEndpoints(Store store, KvStoreOptions options, TimeProvider time)
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var endpoints = ActivatorUtilities.CreateInstance<TransactionEndpoints>(routes.ServiceProvider);
        routes.Map(HttpMethods.Post, "/v1/txn", endpoints.RunAsync, TransactionApi.Run);
    }

    private async Task<Problem?> RunAsync(HttpContext context)
    {
        byte[] utf8 = [];
        TransactionBody? body = null;
        string? idempotencyKey = null;
        var problem = QueryParameters.TryGet(context, [], out _) ?? IdempotencyHeader.TryGet(context, out idempotencyKey);
        if (problem is null)
            (utf8, problem) = await RequestBody.ReadJsonAsync(context, options);
        problem ??= TransactionBody.TryParse(utf8, options, time.GetUtcNow(), out body);
        if (problem is not null)
            return problem;

        var transaction = body!.ToTransaction(IdempotencyHeader.For(context, options, idempotencyKey, utf8));
        switch (await store.SubmitAsync(transaction))
        {
            case Outcome.Committed committed:
                await TransactionAnswer.WriteAsync(context, options, transaction, committed);
                return null;
            case Outcome.Replayed replayed:
                IdempotencyHeader.SetReplayed(context.Response);
                await TransactionAnswer.WriteAsync(context, options, transaction, replayed.Original);
                return null;
            case Outcome.GuardsFailed failed:
                context.Response.SetRevision(failed.Revision);
                return Problems.GuardsFailed([.. failed.Failed.Select(each => new FailedMember(body.FieldOf(each.Guard), each.Guard.Key, each.Current?.Revision))]);
            case var outcome:
                return WriteOutcome.ProblemOf(context.Response, outcome);
        }
    }
}
