using System.Collections.Immutable;

namespace KvStore.Server;

/// <summary>
/// /v1/kv/{key}: GET, HEAD, PUT, DELETE, PATCH, and POST below a prefix. GET and PUT write to the response themselves and are written
/// for few allocations, because they are most of what the service does.
/// </summary>
internal sealed class EntryEndpoints(Store store, KeyWrites writes, Reads reads, OriginReads origins, LongPoll polls, RequestBodies bodies, LargeAnswers answers, KvStoreOptions options, TimeProvider time)
{
    // One segment is enough: the key is decoded from the request target, and KeyRouting chooses the endpoint.
    // A catch-all would match /v1/kv itself as well.
    private const string Route = RequestTarget.KeyPathPrefix + "{key}";

    public static void Map(IEndpointRouteBuilder routes)
    {
        var endpoints = ActivatorUtilities.CreateInstance<EntryEndpoints>(routes.ServiceProvider);
        routes.MapHot(HttpMethods.Put, Route, endpoints.PutAsync, EntryApi.Put);
        routes.MapHot(HttpMethods.Get, Route, endpoints.GetAsync, EntryApi.Get);
        routes.MapHot(HttpMethods.Head, Route, endpoints.GetAsync, EntryApi.Get.AsHead("headEntry"));
        routes.Map(HttpMethods.Patch, Route, endpoints.PatchAsync, EntryApi.Patch);
        routes.Map(HttpMethods.Delete, Route, endpoints.DeleteAsync, EntryApi.Delete);
        routes.Map(HttpMethods.Post, Route, endpoints.AppendAsync, EntryApi.Append);
    }

    // Not async: on a single node a read of the latest state completes synchronously, and then needs no state machine.
    private Task GetAsync(HttpContext context)
    {
        ReadRequest request = default;
        Conditions conditions = default;
        var parameters = QueryParameters.None;
        var problem = RequestKey.TryGet(context, options.KeyBytesMax, Rights.Read, out var key)
            ?? QueryParameters.TryGet(context, LongPoll.Parameters, out parameters)
            ?? Reads.TryGet(parameters, out request)
            ?? Conditions.TryGet(context, key, out conditions);
        if (problem is not null)
            return problem.WriteAsync(context);
        if (LongPoll.IsAskedFor(parameters))
            return polls.AnswerAsync(context, parameters, request, key, conditions);
        if (origins.Find(key, request) is { } origin)
            return origins.AnswerAsync(context, request, key, conditions, origin);

        var taking = reads.TakeAsync(request, context);
#pragma warning disable RS0030 // It has completed, so nothing blocks.
        return taking.IsCompletedSuccessfully ? EntryAnswer.WriteAsync(context, options, answers, taking.Result, key, conditions) : WaitAsync(context, taking, key, conditions);
#pragma warning restore RS0030

        // Arguments instead of a closure, which would also be allocated for reads that do not wait.
        async Task WaitAsync(HttpContext context, ValueTask<Reads.Taken> taking, Key key, Conditions conditions) =>
            await EntryAnswer.WriteAsync(context, options, answers, await taking, key, conditions);
    }

    // Not async, for a body that has arrived with its headers.
    private Task PutAsync(HttpContext context)
    {
        TimeToLive ttl = default;
        Conditions conditions = default;
        var contentType = "";
        string? idempotencyKey = null;
        var problem = RequestKey.TryGet(context, options.KeyBytesMax, Rights.Write, out var key)
            ?? QueryParameters.TryGet(context, [TimeToLive.Parameter], out var parameters)
            ?? TimeToLive.TryGet(parameters, out ttl)
            ?? Conditions.TryGet(context, key, out conditions)
            ?? ContentTypes.TryGet(context.Request, out contentType)
            ?? IdempotencyHeader.TryGet(context, out idempotencyKey);
        if (problem is not null)
            return problem.WriteAsync(context);

        var reading = bodies.ReadDraftAsync(context, key, contentType, expires: ttl.Seconds > 0);
        if (!reading.IsCompletedSuccessfully)
            return WaitAsync(context, reading, conditions.Guards, ttl, idempotencyKey);
#pragma warning disable RS0030 // It has completed, so nothing blocks.
        var (draft, unread) = reading.Result;
#pragma warning restore RS0030
        return StoreAsync(context, draft, unread, conditions.Guards, ttl, idempotencyKey);

        async Task WaitAsync(HttpContext context, ValueTask<(EntryDraft, Problem?)> reading, ImmutableArray<Guard> guards, TimeToLive ttl, string? idempotencyKey)
        {
            var (draft, unread) = await reading;
            await StoreAsync(context, draft, unread, guards, ttl, idempotencyKey);
        }
    }

    // Not async: what only the submission needs would stay in the state machine of a request until its outcome is known.
    private Task StoreAsync(HttpContext context, EntryDraft draft, Problem? unread, ImmutableArray<Guard> guards, TimeToLive ttl, string? idempotencyKey)
    {
        if (unread is not null)
            return unread.WriteAsync(context);

        // The time to live starts when the whole value has arrived.
        if (ttl.ExpiresAt(time) is { } expiresAt)
            draft.SetExpiry(expiresAt);
        var idempotency = IdempotencyHeader.For(context, options, idempotencyKey, draft.Value.Span);
        var transaction = new Transaction(guards, [new Put(draft)]) { Idempotency = idempotency, ContinuesInline = true };
        var loadToken = LoadTokenOf(context);
        var direct = new DirectWriteAnswer(context, AnswerPut);
        return writes.TrySubmit(transaction, loadToken, direct) ? direct.Ended : AnswerPutAsync(context, writes.SubmitAsync(transaction, loadToken, context));
    }

    private static async Task AnswerPutAsync(HttpContext context, Task<Outcome> submission)
    {
        if (await WriteOutcome.AnswerAsync(context, await submission, AnswerPut) is { } problem)
            await problem.WriteAsync(context);
    }

    private async Task<Problem?> DeleteAsync(HttpContext context)
    {
        Conditions conditions = default;
        string? idempotencyKey = null;
        var problem = RequestKey.TryGet(context, options.KeyBytesMax, Rights.Delete, out var key)
            ?? QueryParameters.TryGet(context, [], out _)
            ?? Conditions.TryGet(context, key, out conditions)
            ?? IdempotencyHeader.TryGet(context, out idempotencyKey);
        if (problem is not null)
            return problem;

        var idempotency = IdempotencyHeader.For(context, options, idempotencyKey, []);

        // Who has loaded that there is nothing deletes what need not be there.
        var loadToken = LoadTokenOf(context);
        ImmutableArray<Guard> guards = loadToken is null ? [Guard.Exists(key), .. conditions.Guards] : conditions.Guards;
        var outcome = await writes.SubmitAsync(new Transaction(guards, [new Delete(key)]) { Idempotency = idempotency, ContinuesInline = true }, loadToken, context);
        return await WriteOutcome.AnswerOfExistingAsync(context, outcome, committed => new WriteAnswer(StatusCodes.Status204NoContent, committed.Revision));
    }

    private async Task<Problem?> PatchAsync(HttpContext context)
    {
        Conditions conditions = default;
        TimeToLive ttl = default;
        string? idempotencyKey = null;
        Operation? operation = null;
        var problem = RequestKey.TryGet(context, options.KeyBytesMax, Rights.Write, out var key)
            ?? QueryParameters.TryGet(context, [TimeToLive.Parameter], out var parameters)
            ?? TimeToLive.TryGet(parameters, out ttl)
            ?? Conditions.TryGet(context, key, out conditions)
            ?? IdempotencyHeader.TryGet(context, out idempotencyKey);
        if (problem is not null)
            return problem;
        using var received = await bodies.ReadAsync(context, options.ValueBytesMax);
        if (received.Problem is not null)
            return received.Problem;
        var body = received.Bytes;
        problem = body.Length > 0 ? TryGetPatch(context, key, ttl, body, out operation) : TryGetExpiry(key, ttl, out operation);
        if (problem is not null)
            return problem;

        var idempotency = IdempotencyHeader.For(context, options, idempotencyKey, body);
        var outcome = await writes.SubmitAsync(new Transaction([Guard.Exists(key), .. conditions.Guards], [operation!]) { Idempotency = idempotency }, context);
        return await WriteOutcome.AnswerOfExistingAsync(context, outcome, committed => new WriteAnswer(StatusCodes.Status204NoContent, committed.Revision) { HasETag = true });
    }

    private async Task<Problem?> AppendAsync(HttpContext context)
    {
        TimeToLive ttl = default;
        var contentType = "";
        string? idempotencyKey = null;
        var problem = TryGetPrefix(context, out var prefix)
            ?? QueryParameters.TryGet(context, [TimeToLive.Parameter], out var parameters)
            ?? TimeToLive.TryGet(parameters, out ttl)
            ?? ContentTypes.TryGet(context.Request, out contentType)
            ?? IdempotencyHeader.TryGet(context, out idempotencyKey);
        if (problem is not null)
            return problem;
        using var received = await bodies.ReadAsync(context, options.ValueBytesMax);
        if (received.Problem is not null)
            return received.Problem;
        var body = received.Bytes;

        var append = new Append(prefix, body, contentType, ttl.ExpiresAt(time));
        var idempotency = IdempotencyHeader.For(context, options, idempotencyKey, body);
        var outcome = await store.SubmitAsync(new Transaction([], [append]) { Idempotency = idempotency, ContinuesInline = true });
        return await WriteOutcome.AnswerAsync(context, outcome, committed => new WriteAnswer(StatusCodes.Status201Created, committed.Revision)
        {
            HasETag = true,
            Location = RequestTarget.PathTo(append.KeyAt(committed.Revision, committed.Results[0].Number)),
        });
    }

    private static string? LoadTokenOf(HttpContext context) => context.Request.Headers[OriginProblems.LoadToken] is { Count: > 0 } given ? given.ToString() : null;

    private static WriteAnswer AnswerPut(Outcome.Committed committed) =>
        new(committed.Results[0].Existed ? StatusCodes.Status204NoContent : StatusCodes.Status201Created, committed.Revision) { HasETag = true };

    private Problem? TryGetExpiry(Key key, TimeToLive ttl, out Operation? operation)
    {
        operation = new SetExpiry(key, ttl.Update(time));
        return ttl.IsGiven ? null : Problems.MalformedRequest("There is nothing to change. Send a JSON merge patch, or give ttl, or both.", "body");
    }

    private Problem? TryGetPatch(HttpContext context, Key key, TimeToLive ttl, byte[] body, out Operation? operation)
    {
        operation = null;
        if (!ContentTypes.IsMergePatch(context.Request.ContentType ?? ""))
        {
            context.Response.Headers["Accept-Patch"] = ContentTypes.MergePatch;
            return Problems.UnsupportedMediaType(EntryApi.NotMergePatch);
        }

        operation = MergePatch.TryCreate(key, body, options.ValueBytesMax, ttl.Update(time));
        if (operation is not null)
            return null;
        return TextInput.TryOpen(body, "a JSON merge patch, such as {\"name\": \"Ada\", \"age\": null}", out var utf8) ?? JsonText.NotJson(utf8);
    }

    private Problem? TryGetPrefix(HttpContext context, out Key prefix)
    {
        // The new key must be short enough for a request.
        if (RequestKey.TryGet(context, Math.Max(0, options.KeyBytesMax - Append.SuffixBytesMax), Rights.Write, out prefix) is { } problem)
            return problem;
        return prefix.Utf8[^1] == (byte)'/'
            ? null
            : Problems.MalformedKey("POST stores the body under a new key below a prefix that ends with a slash. End the path with one, or use PUT to store under this key.", "key");
    }
}
