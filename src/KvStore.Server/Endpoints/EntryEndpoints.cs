using KvStore.Server.Hosting;
using KvStore.Server.Http;
using KvStore.Server.OpenApi;

namespace KvStore.Server.Endpoints;

/// <summary>
/// GET, HEAD, PUT and DELETE of /v1/kv/{key}. These handlers write to the response themselves, instead of returning a
/// result object, because they are most of what the service does.
/// </summary>
internal sealed class EntryEndpoints(Store store, Reads reads, KvStoreOptions options)
{
    // One segment is enough: the key is read from the request target, and all keys are routed alike (see KeyRouting).
    // A catch-all would take /v1/kv itself as well.
    private const string Route = RequestTarget.KeyPathPrefix + "{key}";

    public static void Map(IEndpointRouteBuilder routes)
    {
        var endpoints = ActivatorUtilities.CreateInstance<EntryEndpoints>(routes.ServiceProvider);
        var keys = routes.MapGroup("").WithMetadata(KeyRouting.Marker);
        keys.MapMethods(Route, [HttpMethods.Get], endpoints.GetAsync).WithApi(EntryApi.Get);
        keys.MapMethods(Route, [HttpMethods.Head], endpoints.GetAsync).WithApi(EntryApi.Head);
        keys.MapMethods(Route, [HttpMethods.Put], endpoints.PutAsync).WithApi(EntryApi.Put);
        keys.MapMethods(Route, [HttpMethods.Delete], endpoints.DeleteAsync).WithApi(EntryApi.Delete);
    }

    // Not async: a read of the latest state never waits on a single node, and then needs no state machine.
    private Task GetAsync(HttpContext context)
    {
        ReadRequest request = default;
        Conditions conditions = default;
        var problem = RequestKey.TryGet(context, options.KeyBytesMax, out var key)
            ?? QueryParameters.TryGet(context, Reads.Parameters, out var parameters)
            ?? Reads.TryGet(parameters, out request)
            ?? Conditions.TryGet(context, key, out conditions);
        if (problem is not null)
            return problem.WriteAsync(context);

        var taking = reads.TakeAsync(request, context.RequestAborted);
        return taking.IsCompletedSuccessfully ? AnswerAsync(context, taking.Result, key, conditions) : WaitAsync(context, taking, key, conditions);

        // What it needs comes as arguments because a closure would be allocated for the reads that do not wait, too.
        static async Task WaitAsync(HttpContext context, ValueTask<Reads.Taken> taking, Key key, Conditions conditions) =>
            await AnswerAsync(context, await taking, key, conditions);

        static Task AnswerAsync(HttpContext context, Reads.Taken taken, Key key, Conditions conditions) => taken.Problem is { } problem
            ? problem.WriteAsync(context)
            : EntryResponses.WriteEntryAsync(context, taken.Snapshot!, taken.Snapshot!.Find(key), conditions);
    }

    private async Task PutAsync(HttpContext context)
    {
        Conditions conditions = default;
        var contentType = "";
        var problem = RequestKey.TryGet(context, options.KeyBytesMax, out var key)
            ?? QueryParameters.TryGet(context, [], out _)
            ?? Conditions.TryGet(context, key, out conditions)
            ?? ContentTypes.TryGet(context.Request, out contentType);
        if (problem is not null)
        {
            await problem.WriteAsync(context);
            return;
        }

        if (await RequestBody.ReadDraftAsync(context, key, contentType, options.ValueBytesMax) is not { } draft)
        {
            await Problems.TooLarge(options.ValueBytesMax).WriteAsync(context);
            return;
        }

        var outcome = await store.SubmitAsync(new Operation(conditions.Guards, [new Put(draft)]));
        if (outcome is not Outcome.Committed committed)
        {
            await EntryResponses.WriteFailureAsync(context, outcome);
            return;
        }

        var entry = committed.Changes[0].Current!.Value;
        context.Response.StatusCode = entry.Version == 1 ? StatusCodes.Status201Created : StatusCodes.Status204NoContent;
        context.Response.Headers.ETag = EntryResponses.ETagOf(entry);
        EntryResponses.SetRevision(context.Response, committed.Revision);
    }

    private async Task DeleteAsync(HttpContext context)
    {
        Conditions conditions = default;
        var problem = RequestKey.TryGet(context, options.KeyBytesMax, out var key)
            ?? QueryParameters.TryGet(context, [], out _)
            ?? Conditions.TryGet(context, key, out conditions);
        if (problem is not null)
        {
            await problem.WriteAsync(context);
            return;
        }

        var outcome = await store.SubmitAsync(new Operation([Guard.Exists(key), .. conditions.Guards], [new Delete(key)]));
        switch (outcome)
        {
            case Outcome.Committed committed:
                context.Response.StatusCode = StatusCodes.Status204NoContent;
                EntryResponses.SetRevision(context.Response, committed.Revision);
                break;

            // Conditions speak of an entry: without one the answer is 404 whatever they say (RFC 9110, section 13.2.1).
            case Outcome.GuardsFailed { Failed: [{ Current: null }, ..] } failed:
                await EntryResponses.WriteNotFoundAsync(context, failed.Revision);
                break;
            default:
                await EntryResponses.WriteFailureAsync(context, outcome);
                break;
        }
    }
}
