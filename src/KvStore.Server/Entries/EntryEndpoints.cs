
namespace KvStore.Server;

/// <summary>
/// GET, HEAD, PUT and DELETE of /v1/kv/{key}. These handlers write to the response themselves, instead of returning a
/// result object, because they are most of what the service does.
/// </summary>
internal sealed class EntryEndpoints(Store store, Reads reads, LongPoll polls, KvStoreOptions options, TimeProvider time)
{
    // One segment is enough: the key is read from the request target, and all keys are routed alike (see KeyRouting).
    // A catch-all would take /v1/kv itself as well.
    private const string Route = RequestTarget.KeyPathPrefix + "{key}";

    public static void Map(IEndpointRouteBuilder routes)
    {
        var endpoints = ActivatorUtilities.CreateInstance<EntryEndpoints>(routes.ServiceProvider);
        routes.MapHot(HttpMethods.Get, Route, endpoints.GetAsync, EntryApi.Get);
        routes.MapHot(HttpMethods.Head, Route, endpoints.GetAsync, EntryApi.Get.AsHead("headEntry"));
        routes.MapHot(HttpMethods.Put, Route, endpoints.PutAsync, EntryApi.Put);
        routes.MapHot(HttpMethods.Delete, Route, endpoints.DeleteAsync, EntryApi.Delete);
    }

    // Not async: a read of the latest state never waits on a single node, and then needs no state machine.
    private Task GetAsync(HttpContext context)
    {
        ReadRequest request = default;
        Conditions conditions = default;
        var parameters = QueryParameters.None;
        var problem = RequestKey.TryGet(context, options.KeyBytesMax, out var key)
            ?? QueryParameters.TryGet(context, LongPoll.Parameters, out parameters)
            ?? Reads.TryGet(parameters, out request)
            ?? Conditions.TryGet(context, key, out conditions);
        if (problem is not null)
            return problem.WriteAsync(context);
        if (LongPoll.IsAskedFor(parameters))
            return polls.AnswerAsync(context, parameters, request, key, conditions);

        var taking = reads.TakeAsync(request, context.RequestAborted);
#pragma warning disable RS0030 // It has completed, so nothing blocks.
        return taking.IsCompletedSuccessfully ? AnswerAsync(context, taking.Result, key, conditions) : WaitAsync(context, taking, key, conditions);
#pragma warning restore RS0030

        // What it needs comes as arguments because a closure would be allocated for the reads that do not wait, too.
        static async Task WaitAsync(HttpContext context, ValueTask<Reads.Taken> taking, Key key, Conditions conditions) =>
            await AnswerAsync(context, await taking, key, conditions);

        static Task AnswerAsync(HttpContext context, Reads.Taken taken, Key key, Conditions conditions) => taken.Problem is { } problem
            ? problem.WriteAsync(context)
            : EntryResponses.WriteEntryAsync(context, taken.Snapshot!, taken.Snapshot!.Find(key), conditions);
    }

    private async Task PutAsync(HttpContext context)
    {
        TimeToLive ttl = default;
        Conditions conditions = default;
        var contentType = "";
        string? retryKey = null;
        var problem = RequestKey.TryGet(context, options.KeyBytesMax, out var key)
            ?? QueryParameters.TryGet(context, [TimeToLive.Parameter], out var parameters)
            ?? TimeToLive.TryGet(parameters, out ttl)
            ?? Conditions.TryGet(context, key, out conditions)
            ?? ContentTypes.TryGet(context.Request, out contentType)
            ?? IdempotencyHeader.TryGet(context, out retryKey);
        if (problem is not null)
        {
            await problem.WriteAsync(context);
            return;
        }

        if (await RequestBody.ReadDraftAsync(context, options, key, contentType, expires: ttl.Seconds > 0) is not { } draft)
        {
            await Problems.TooLarge(options.ValueBytesMax).WriteAsync(context);
            return;
        }

        // The time to live starts when the whole value has arrived.
        if (ttl.ExpiresAt(time) is { } expiresAt)
            draft.SetExpiry(expiresAt);
        var outcome = await store.SubmitAsync(new Transaction(conditions.Guards, [new Put(draft)])
        {
            Idempotency = IdempotencyHeader.For(context, options, retryKey, draft.Value.Span),
        });
        await EntryResponses.WriteOutcomeAsync(context, outcome, AnswerPut);
    }

    private async Task DeleteAsync(HttpContext context)
    {
        Conditions conditions = default;
        string? retryKey = null;
        var problem = RequestKey.TryGet(context, options.KeyBytesMax, out var key)
            ?? QueryParameters.TryGet(context, [], out _)
            ?? Conditions.TryGet(context, key, out conditions)
            ?? IdempotencyHeader.TryGet(context, out retryKey);
        if (problem is not null)
        {
            await problem.WriteAsync(context);
            return;
        }

        var outcome = await store.SubmitAsync(new Transaction([Guard.Exists(key), .. conditions.Guards], [new Delete(key)])
        {
            Idempotency = IdempotencyHeader.For(context, options, retryKey, []),
        });
        await EntryResponses.WriteOutcomeOfPresentAsync(context, outcome, AnswerDelete);
    }

    private static WriteAnswer AnswerPut(Outcome.Committed committed) =>
        new(committed.Results[0].Existed ? StatusCodes.Status204NoContent : StatusCodes.Status201Created, committed.Revision) { HasETag = true };

    private static WriteAnswer AnswerDelete(Outcome.Committed committed) => new(StatusCodes.Status204NoContent, committed.Revision);
}
