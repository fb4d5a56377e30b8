
namespace KvStore.Server;

/// <summary>POST of /v1/kv/{prefix}/: stores a value under a new key, ordered by commit.</summary>
internal sealed class AppendEndpoints(Store store, KvStoreOptions options, TimeProvider time)
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var endpoints = ActivatorUtilities.CreateInstance<AppendEndpoints>(routes.ServiceProvider);
        routes.MapHot(HttpMethods.Post, RequestTarget.KeyPathPrefix + "{key}", endpoints.AppendAsync, AppendApi.Append);
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

        var append = new Append(prefix, body, contentType, ttl.ExpiresAt(time));
        var outcome = await store.SubmitAsync(new Transaction([], [append])
        {
            Idempotency = IdempotencyHeader.For(context, options, retryKey, body),
        });
        await EntryResponses.WriteOutcomeAsync(context, outcome, committed => new WriteAnswer(StatusCodes.Status201Created, committed.Revision)
        {
            HasETag = true,
            Location = RequestTarget.PathTo(append.KeyAt(committed.Revision, committed.Results[0].Number)),
        });
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
}
