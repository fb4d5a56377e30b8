
namespace KvStore.Server;

/// <summary>POST of /v1/txn: guards and operations, carried out together or not at all.</summary>
internal sealed class TransactionEndpoints(Store store, KvStoreOptions options, TimeProvider time)
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var endpoints = ActivatorUtilities.CreateInstance<TransactionEndpoints>(routes.ServiceProvider);
        routes.MapHot(HttpMethods.Post, "/v1/txn", endpoints.RunAsync, TransactionApi.Run);
    }

    private async Task RunAsync(HttpContext context)
    {
        byte[] utf8 = [];
        TransactionBody? body = null;
        string? retryKey = null;
        var problem = QueryParameters.TryGet(context, [], out _) ?? Conditions.Refuse(context) ?? IdempotencyHeader.TryGet(context, out retryKey);
        if (problem is null)
            (utf8, problem) = await JsonText.ReadBodyAsync(context, options);
        problem ??= TransactionBody.TryParse(utf8, options, time.GetUtcNow(), out body);
        if (problem is not null)
        {
            await problem.WriteAsync(context);
            return;
        }

        var transaction = body!.ToTransaction(IdempotencyHeader.For(context, options, retryKey, utf8));
        switch (await store.SubmitAsync(transaction))
        {
            case Outcome.Committed committed:
                await TransactionAnswer.WriteAsync(context, transaction, committed);
                break;
            case Outcome.Replayed replayed:
                IdempotencyHeader.SetReplayed(context.Response);
                await TransactionAnswer.WriteAsync(context, transaction, replayed.Original);
                break;
            case Outcome.GuardsFailed failed:
                await WriteFailedAsync(context, body, failed);
                break;
            case var outcome:
                await EntryResponses.WriteFailureAsync(context, outcome);
                break;
        }
    }

    private static Task WriteFailedAsync(HttpContext context, TransactionBody body, Outcome.GuardsFailed failed)
    {
        EntryResponses.SetRevision(context.Response, failed.Revision);
        var members = failed.Failed.Select(each => new FailedMember(body.FieldOf(each.Guard), each.Guard.Key, each.Current?.Revision));
        return Problems.GuardsFailed([.. members]).WriteAsync(context);
    }
}
