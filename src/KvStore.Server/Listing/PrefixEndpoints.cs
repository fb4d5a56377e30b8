using System.Text;

namespace KvStore.Server;

/// <summary>DELETE of /v1/kv?prefix=: deletes all entries whose keys start with a prefix, at one revision.</summary>
internal sealed class PrefixEndpoints(Store store, KvStoreOptions options)
{
    private const string Prefix = "prefix";

    public static void Map(IEndpointRouteBuilder routes)
    {
        var endpoints = ActivatorUtilities.CreateInstance<PrefixEndpoints>(routes.ServiceProvider);
        routes.MapHot(HttpMethods.Delete, "/v1/kv", endpoints.DeleteAsync, PrefixApi.Delete);
    }

    private async Task DeleteAsync(HttpContext context)
    {
        byte[] prefix = [];
        string? retryKey = null;
        var problem = QueryParameters.TryGet(context, [Prefix], out var parameters)
            ?? parameters.TryGetKeyBytes(Prefix, options.KeyBytesMax, out prefix)
            ?? RefuseEmpty(prefix)
            ?? Conditions.Refuse(context)
            ?? IdempotencyHeader.TryGet(context, out retryKey);
        if (problem is not null)
        {
            await problem.WriteAsync(context);
            return;
        }

        var outcome = await store.SubmitAsync(new Transaction([], [new DeletePrefix(prefix, options.DeletedEntriesMax)])
        {
            Idempotency = IdempotencyHeader.For(context, options, retryKey, []),
        });
        await EntryResponses.WriteOutcomeAsync(context, outcome, Answer);
    }

    private static Problem? RefuseEmpty(byte[] prefix) => prefix.Length > 0
        ? null
        : Problems.MalformedRequest("Say which entries to delete: those whose keys start with this. An empty prefix is refused, because it means them all.", Prefix);

    private static WriteAnswer Answer(Outcome.Committed committed) => new(StatusCodes.Status200OK, committed.Revision)
    {
        ContentType = ContentTypes.Json,
        Body = Encoding.ASCII.GetBytes($$"""{"revision":{{committed.Revision}},"deleted":{{committed.Results[0].Number}}}"""),
    };
}
