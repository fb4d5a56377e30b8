namespace KvStore.Server;

/// <summary>
/// /v1/kv: GET and HEAD list keys, with or without values, in order, page by page from one snapshot, or count them; DELETE deletes all
/// entries with a prefix at one revision.
/// </summary>
internal sealed class ListingEndpoints(Store store, Reads reads, KvStoreOptions options)
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var endpoints = ActivatorUtilities.CreateInstance<ListingEndpoints>(routes.ServiceProvider);
        routes.Map(HttpMethods.Get, "/v1/kv", endpoints.ListAsync, ListingApi.List);
        routes.Map(HttpMethods.Head, "/v1/kv", endpoints.ListAsync, ListingApi.List.AsHead("headEntries"));
        routes.Map(HttpMethods.Delete, "/v1/kv", endpoints.DeleteAsync, ListingApi.Delete);
    }

    private async Task<Problem?> ListAsync(HttpContext context)
    {
        Snapshot? snapshot = null;
        var problem = ListRequest.TryGet(context, options, out var request);
        if (problem is null)
            (snapshot, problem) = await TakeAsync(request, context.RequestAborted);
        if (problem is not null)
            return problem;

        context.Response.SetRevision(snapshot!.Revision);
        var output = new JsonOutput(context, options);
        context.Response.Headers.CacheControl = "no-cache";
        if (!HttpMethods.IsHead(context.Request.Method))
            await WriteAsync(output, snapshot, request);
        return null;
    }

    private async Task<Problem?> DeleteAsync(HttpContext context)
    {
        byte[] prefix = [];
        string? idempotencyKey = null;
        var problem = QueryParameters.TryGet(context, ["prefix"], out var parameters)
            ?? parameters.TryGetKeyBytes("prefix", options.KeyBytesMax, out prefix)
            ?? (prefix.Length == 0 ? Problems.MalformedRequest("Give the prefix of the entries to delete. It must not be empty, because that would delete everything.", "prefix") : null)
            ?? IdempotencyHeader.TryGet(context, out idempotencyKey);
        if (problem is not null)
            return problem;

        var idempotency = IdempotencyHeader.For(context, options, idempotencyKey, []);
        var outcome = await store.SubmitAsync(new Transaction([], [new DeletePrefix(prefix, options.DeletedEntriesMax)]) { Idempotency = idempotency });
        return await WriteOutcome.AnswerAsync(context, outcome, committed => new WriteAnswer(StatusCodes.Status200OK, committed.Revision)
        {
            ContentType = ContentTypes.Json,
            Body = Encoding.ASCII.GetBytes($$"""{"revision":{{committed.Revision}},"deleted":{{committed.Results[0].Number}}}"""),
        });
    }

    private async ValueTask<(Snapshot?, Problem?)> TakeAsync(ListRequest request, CancellationToken cancellationToken)
    {
        var id = store.Id;
        if (request.CursorStore is { } named && named != id)
            return (null, id is { } known ? Problems.OtherStore(known, ListRequest.CursorParameter) : Problems.Loading());
        var (snapshot, problem) = await reads.TakeAsync(request.Read, cancellationToken);
        if (problem is null || request.CursorStore is null)
            return (snapshot, problem);

        // The revision is the cursor's, and it has existed. If the store has not reached it, it has lost its data since.
        if (problem.Status == StatusCodes.Status400BadRequest)
            problem = Problems.Ahead(request.Read.Revision ?? 0, store.Latest.Revision, store.OldestRevision);
        return (null, problem.Status == StatusCodes.Status410Gone ? problem with { Field = ListRequest.CursorParameter } : problem);
    }

    private async Task WriteAsync(JsonOutput output, Snapshot snapshot, ListRequest request)
    {
        output.Json.WriteStartObject();
        output.Json.WriteNumber("revision"u8, snapshot.Revision);
        if (request.CountOnly)
            output.Json.WriteNumber("count"u8, snapshot.CountOf(request.Range));
        else
            await WritePageAsync(output, snapshot, request);
        output.Json.WriteEndObject();
        await output.FlushAsync();
    }

    private async Task WritePageAsync(JsonOutput output, Snapshot snapshot, ListRequest request)
    {
        var json = output.Json;
        var groups = new List<Listed>();
        var groupBytes = 0L;
        Listed last = default;
        var count = 0;
        var more = false;
        json.WriteStartArray("items"u8);
        foreach (var listed in request.In(snapshot))
        {
            // A page has at least one element even if it exceeds the limit, or its cursor would not advance.
            if (count == request.Limit || (count > 0 && output.Target.Bytes + groupBytes >= options.PageBytesMax))
            {
                more = true;
                break;
            }

            last = listed;
            count++;
            if (listed.IsGroup)
            {
                groups.Add(listed);
                groupBytes += listed.CommonPrefixBytes;
                continue;
            }

            await EntryJson.WriteAsync(output, listed.Entry, request.WithValues);
        }

        json.WriteEndArray();
        if (!request.Delimiter.IsEmpty)
            WriteGroups(json, groups);
        if (more)
        {
            store.Retain(snapshot);
            json.WriteString("cursor"u8, new Cursor(store.Id ?? default, snapshot.Revision, request.Prefix, request.Delimiter, last.Utf8.ToArray()).ToString());
        }
    }

    private static void WriteGroups(Utf8JsonWriter json, List<Listed> groups)
    {
        json.WriteStartArray("prefixes"u8);
        foreach (var group in groups)
            json.WriteStringValue(group.Utf8);
        json.WriteEndArray();
    }
}
