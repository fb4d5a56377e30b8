
namespace KvStore.Server;

/// <summary>POST of /v1/txn: guards and operations, carried out together or not at all.</summary>
internal sealed class TransactionEndpoints(Store store, KvStoreOptions options, TimeProvider time)
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var endpoints = ActivatorUtilities.CreateInstance<TransactionEndpoints>(routes.ServiceProvider);
        routes.MapMethods("/v1/txn", [HttpMethods.Post], endpoints.RunAsync).WithApi(TransactionApi.Run);
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

        WriteAnswer Answer(Outcome.Committed committed) => new TransactionAnswer(body!, committed).ToWriteAnswer(IdempotencyHeader.AnswerBytesMax(options));
        var transaction = body!.ToTransaction(IdempotencyHeader.Of(context, options, retryKey, utf8, Answer));
        switch (await store.SubmitAsync(transaction))
        {
            case Outcome.Committed committed when retryKey is null:
                await WriteAsync(context, new TransactionAnswer(body, committed), committed.Revision);
                break;
            case Outcome.GuardsFailed failed:
                await WriteFailedAsync(context, body, failed);
                break;
            case var outcome:
                await EntryResponses.WriteOutcomeAsync(context, outcome, Answer);
                break;
        }
    }

    private static Task WriteFailedAsync(HttpContext context, TransactionBody body, Outcome.GuardsFailed failed)
    {
        EntryResponses.SetRevision(context.Response, failed.Revision);
        var members = failed.Failed.Select(each => new FailedMember(body.FieldOf(each.Guard), each.Guard.Key, each.Current?.Revision));
        return Problems.GuardsFailed([.. members]).WriteAsync(context);
    }

    private static async Task WriteAsync(HttpContext context, TransactionAnswer answer, long revision)
    {
        EntryResponses.SetRevision(context.Response, revision);
        await using var output = new JsonOutput(context);
        answer.Begin(output.Json);
        foreach (var _ in answer.WriteResults(output.Json))
            await output.FlushIfFullAsync();
        TransactionAnswer.End(output.Json);
    }
}
