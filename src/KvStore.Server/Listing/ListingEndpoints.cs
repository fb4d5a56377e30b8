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
        ListingPage? page = null;
        var problem = ListRequest.TryGet(context, options, out var request)
            ?? Access.Check(context, Rights.Read, KeyRange.WithPrefix(request.Prefix.Span));
        if (problem is null)
            problem = Collect(await TakeAsync(request, context), request, out page);
        if (problem is not null)
            return problem;

        context.Response.SetRevision(page!.Revision);
        var output = new JsonOutput(context, options);
        context.Response.Headers.CacheControl = "no-cache";
        if (!HttpMethods.IsHead(context.Request.Method))
            await WriteAsync(output, page, request);
        return null;
    }

    private async Task<Problem?> DeleteAsync(HttpContext context)
    {
        byte[] prefix = [];
        string? idempotencyKey = null;
        var problem = QueryParameters.TryGet(context, ["prefix"], out var parameters)
            ?? parameters.TryGetKeyBytes("prefix", options.KeyBytesMax, out prefix)
            ?? (prefix.Length == 0 ? Problems.MalformedRequest("Give the prefix of the entries to delete. It must not be empty, because that would delete everything.", "prefix") : null)
            ?? Access.Check(context, Rights.Delete, KeyRange.WithPrefix(prefix))
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

    private async ValueTask<Reads.Taken> TakeAsync(ListRequest request, HttpContext context)
    {
        var id = store.Id;
        if (request.CursorStore is { } named && named != id)
            return new Reads.Taken(null, id is { } known ? Problems.OtherStore(known, ListRequest.CursorParameter) : StoreProblems.Loading(store));
        var taken = await reads.TakeAsync(request.Read, context);
        if (taken.Problem is not { } problem || request.CursorStore is null)
            return taken;

        // The revision is the cursor's, and it has existed. If the store has not reached it, it has lost its data since.
        if (problem.Status == StatusCodes.Status400BadRequest)
            problem = Problems.Ahead(request.Read.Revision ?? 0, store.Latest.Revision, store.OldestRevision) with { Field = Reads.RevisionParameter };
        return new Reads.Taken(null, problem.Field == Reads.RevisionParameter ? problem with { Field = ListRequest.CursorParameter } : problem);
    }

    // Not async: otherwise the snapshot would stay in memory until the client has the page.
    private Problem? Collect(Reads.Taken taken, ListRequest request, out ListingPage? page)
    {
        page = null;
        if (taken.Problem is { } problem)
            return problem;
        page = new ListingPage(taken.Snapshot!, request, options.PageBytesMax);
        if (page.After is not null)
            store.Retain(taken.Snapshot!);
        return null;
    }

    private async Task WriteAsync(JsonOutput output, ListingPage page, ListRequest request)
    {
        var json = output.Json;
        json.WriteStartObject();
        json.WriteNumber("revision"u8, page.Revision);
        if (page.Count is { } count)
        {
            json.WriteNumber("count"u8, count);
        }
        else
        {
            await page.WriteItemsAsync(output, request.WithValues);
            if (!request.Delimiter.IsEmpty)
                page.WriteGroups(json);
            if (page.After is { } last)
                json.WriteString("cursor"u8, new Cursor(store.Id ?? default, page.Revision, request.Prefix, request.Delimiter, last).ToString());
        }

        json.WriteEndObject();
        await output.FlushAsync();
    }
}
