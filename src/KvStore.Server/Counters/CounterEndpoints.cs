using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http.Features;

namespace KvStore.Server;

/// <summary>POST of /v1/counters/{key}: adds to a number. The counter is the entry of the same key, and holds the number as text.</summary>
internal sealed class CounterEndpoints(Store store, KvStoreOptions options, TimeProvider time)
{
    private const string By = "by";

    public static void Map(IEndpointRouteBuilder routes)
    {
        var endpoints = ActivatorUtilities.CreateInstance<CounterEndpoints>(routes.ServiceProvider);
        routes.MapHot(HttpMethods.Post, RequestTarget.CounterPathPrefix + "{key}", endpoints.AddAsync, CounterApi.Add);
    }

    private async Task AddAsync(HttpContext context)
    {
        long? by = null;
        TimeToLive ttl = default;
        Conditions conditions = default;
        string? retryKey = null;
        var problem = RequestKey.TryGet(context, options.KeyBytesMax, out var key, RequestTarget.CounterPathPrefix)
            ?? QueryParameters.TryGet(context, [By, TimeToLive.Parameter], out var parameters)
            ?? parameters.TryGetNumber(By, long.MinValue, long.MaxValue, out by)
            ?? TimeToLive.TryGet(parameters, out ttl)
            ?? Conditions.TryGet(context, key, out conditions)
            ?? IdempotencyHeader.TryGet(context, out retryKey)
            ?? RefuseBody(context);
        if (problem is not null)
        {
            await problem.WriteAsync(context);
            return;
        }

        var outcome = await store.SubmitAsync(new Transaction(conditions.Guards, [new Increment(key, by ?? 1, ttl.Lifetime(time))])
        {
            Idempotency = IdempotencyHeader.For(context, options, retryKey, []),
        });
        await EntryResponses.WriteOutcomeAsync(context, outcome, Answer);
    }

    // Who sends a number in the body means to add that number, and would be wrong by what was added instead.
    private static Problem? RefuseBody(HttpContext context) =>
        context.Request.ContentLength is not (null or 0) || (context.Request.ContentLength is null && context.Features.GetRequiredFeature<IHttpRequestBodyDetectionFeature>().CanHaveBody)
            ? Problems.MalformedRequest("A counter takes no body. Say how much to add in the query string, such as ?by=5.", "body")
            : null;

    private static WriteAnswer Answer(Outcome.Committed committed) => new(StatusCodes.Status200OK, committed.Revision)
    {
        HasETag = true,
        ContentType = Increment.ContentType,
        Body = Encoding.ASCII.GetBytes(committed.Results[0].Number.ToString(CultureInfo.InvariantCulture)),
    };
}
