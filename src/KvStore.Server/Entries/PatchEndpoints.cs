
namespace KvStore.Server;

/// <summary>PATCH of /v1/kv/{key}: changes members of a JSON value, or only when the entry expires.</summary>
internal sealed class PatchEndpoints(Store store, KvStoreOptions options, TimeProvider time)
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var endpoints = ActivatorUtilities.CreateInstance<PatchEndpoints>(routes.ServiceProvider);
        routes.MapHot(HttpMethods.Patch, RequestTarget.KeyPathPrefix + "{key}", endpoints.PatchAsync, PatchApi.Patch);
    }

    private async Task PatchAsync(HttpContext context)
    {
        Conditions conditions = default;
        TimeToLive ttl = default;
        string? retryKey = null;
        byte[]? body = [];
        Operation? operation = null;
        var problem = RequestKey.TryGet(context, options.KeyBytesMax, out var key)
            ?? QueryParameters.TryGet(context, [TimeToLive.Parameter], out var parameters)
            ?? TimeToLive.TryGet(parameters, out ttl)
            ?? Conditions.TryGet(context, key, out conditions)
            ?? IdempotencyHeader.TryGet(context, out retryKey);
        if (problem is null)
        {
            body = await RequestBody.ReadAsync(context, options, options.ValueBytesMax);
            problem = body is null ? Problems.TooLarge(options.ValueBytesMax) : TryGetOperation(context, key, ttl, body, out operation);
        }

        if (problem is not null)
        {
            await problem.WriteAsync(context);
            return;
        }

        var outcome = await store.SubmitAsync(new Transaction([Guard.Exists(key), .. conditions.Guards], [operation!])
        {
            Idempotency = IdempotencyHeader.For(context, options, retryKey, body),
        });
        await EntryResponses.WriteOutcomeOfPresentAsync(context, outcome, Answer);
    }

    private Problem? TryGetOperation(HttpContext context, Key key, TimeToLive ttl, byte[] body, out Operation? operation)
    {
        operation = null;
        if (body.Length == 0)
        {
            operation = ttl.IsGiven ? new SetExpiry(key, ttl.Lifetime(time)) : null;
            return operation is null ? Problems.MalformedRequest("There is nothing to change. Send a JSON merge patch, or give ttl, or both.", "body") : null;
        }

        if (!ContentTypes.IsMergePatch(context.Request.ContentType ?? ""))
        {
            context.Response.Headers["Accept-Patch"] = ContentTypes.MergePatch;
            return Problems.UnsupportedMediaType($"Send a JSON merge patch (RFC 7396), with the header Content-Type: {ContentTypes.MergePatch}.");
        }

        operation = MergePatch.TryCreate(key, body, options.ValueBytesMax, ttl.Lifetime(time));
        return operation is null ? Problems.MalformedRequest("The body is not JSON of at most 64 levels. Send a JSON merge patch, such as {\"name\": \"Ada\", \"age\": null}.", "body") : null;
    }

    private static WriteAnswer Answer(Outcome.Committed committed) => new(StatusCodes.Status204NoContent, committed.Revision) { HasETag = true };
}
