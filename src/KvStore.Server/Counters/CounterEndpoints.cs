namespace KvStore.Server;

/// <summary>POST of /v1/counters/{key}: adds to a number. The counter is the entry of the same key; its value is the number as text.</summary>
internal sealed class CounterEndpoints(KeyWrites writes, KvStoreOptions options, TimeProvider time)
{
    private const string By = "by";

    public static void Map(IEndpointRouteBuilder routes)
    {
        var endpoints = ActivatorUtilities.CreateInstance<CounterEndpoints>(routes.ServiceProvider);
        routes.Map(HttpMethods.Post, RequestTarget.CounterPathPrefix + "{key}", endpoints.AddAsync, CounterApi.Add);
    }

    private async Task<Problem?> AddAsync(HttpContext context)
    {
        long? by = null;
        TimeToLive ttl = default;
        Conditions conditions = default;
        string? idempotencyKey = null;
        var problem = RequestKey.TryGet(context, options.KeyBytesMax, Rights.Read | Rights.Write, out var key, RequestTarget.CounterPathPrefix)
            ?? QueryParameters.TryGet(context, [By, TimeToLive.Parameter], out var parameters)
            ?? parameters.TryGetNumber(By, long.MinValue, long.MaxValue, out by)
            ?? TimeToLive.TryGet(parameters, out ttl)
            ?? Conditions.TryGet(context, key, out conditions)
            ?? IdempotencyHeader.TryGet(context, out idempotencyKey);
        if (problem is not null)
            return problem;

        var idempotency = IdempotencyHeader.For(context, options, idempotencyKey, []);
        var outcome = await writes.SubmitAsync(new Transaction(conditions.Guards, [new Increment(key, by ?? 1, ttl.Update(time))]) { Idempotency = idempotency, ContinuesInline = true }, context);
        return await WriteOutcome.AnswerAsync(context, outcome, Answer);
    }

    private static WriteAnswer Answer(Outcome.Committed committed) => new(StatusCodes.Status200OK, committed.Revision)
    {
        HasETag = true,
        ContentType = Increment.ContentType,
        Body = Encoding.ASCII.GetBytes(committed.Results[0].Number.ToString(CultureInfo.InvariantCulture)),
    };
}
