
namespace KvStore.Server;

/// <summary>POST of /v1/kv/{prefix}/: stores a value under a new key, ordered by commit.</summary>
internal sealed class AppendEndpoints(Store store, KvStoreOptions options, TimeProvider time)
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var endpoints = ActivatorUtilities.CreateInstance<AppendEndpoints>(routes.ServiceProvider);
        routes.MapMethods(RequestTarget.KeyPathPrefix + "{key}", [HttpMethods.Post], endpoints.AppendAsync).WithMetadata(KeyRouting.Marker).WithApi(AppendApi.Append);
    }

    private async Task AppendAsync(HttpContext context)
    {
        TimeToLive ttl = default;
        var contentType = "";
        string? retryKey = null;
        var problem = TryGetPrefix(context, out var prefix)
            ?? QueryParameters.TryGet(context, [TimeToLive.Parameter], out var parameters)
            ?? TimeToLive.TryGet(parameters, out ttl)
            ?? Conditions.Refuse(context)
            ?? ContentTypes.TryGet(context.Request, out contentType)
            ?? IdempotencyHeader.TryGet(context, out retryKey);
        if (problem is not null)
        {
            await problem.WriteAsync(context);
            return;
        }

        if (await RequestBody.ReadAsync(context, options, options.ValueBytesMax) is not { } body)
        {
            await Problems.TooLarge(options.ValueBytesMax).WriteAsync(context);
            return;
        }

        var outcome = await store.SubmitAsync(new Transaction([], [new Append(prefix, body, contentType, ttl.ExpiresAt(time))])
        {
            Idempotency = IdempotencyHeader.Of(context, options, retryKey, body, AnswerOf),
        });
        await EntryResponses.WriteOutcomeAsync(context, outcome, AnswerOf);
    }

    private Problem? TryGetPrefix(HttpContext context, out Key prefix)
    {
        // The new key has to be one that can be named in a request again.
        if (RequestKey.TryGet(context, Math.Max(0, options.KeyBytesMax - Append.SuffixBytesMax), out prefix) is { } problem)
            return problem;
        return prefix.Utf8[^1] == (byte)'/'
            ? null
            : Problems.MalformedKey("POST stores the body under a new key below a prefix, which ends with a slash. End the path with one, or use PUT to store under this very key.", "key");
    }

    private static WriteAnswer AnswerOf(Outcome.Committed committed)
    {
        var entry = committed.Changes[0].Current!.Value;
        return WriteAnswer.Of(StatusCodes.Status201Created, entry) with { Location = RequestTarget.PathTo(entry.Key) };
    }
}
