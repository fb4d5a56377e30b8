using System.Text.Json;

namespace KvStore.Server;

/// <summary>GET and HEAD of /v1/kv: keys, with or without values, in order, page by page from one snapshot; or how many there are.</summary>
internal sealed class ListingEndpoints(Store store, Reads reads, KvStoreOptions options)
{
    // Written to the client whenever so much has gathered, so that a page of large values does not gather in memory.
    private const int FlushBytes = 64 * 1024;

    public static void Map(IEndpointRouteBuilder routes)
    {
        var endpoints = ActivatorUtilities.CreateInstance<ListingEndpoints>(routes.ServiceProvider);
        routes.Map(HttpMethods.Get, "/v1/kv", endpoints.ListAsync, ListingApi.List);
        routes.Map(HttpMethods.Head, "/v1/kv", endpoints.ListAsync, ListingApi.List.AsHead("headEntries"));
    }

    private async Task<Problem?> ListAsync(HttpContext context)
    {
        Snapshot? snapshot = null;
        var problem = ListRequest.TryGet(context, options, out var request);
        if (problem is null)
            (snapshot, problem) = await TakeAsync(request, context.RequestAborted);
        if (problem is not null)
            return problem;

        EntryResponses.SetRevision(context.Response, snapshot!.Revision);
        context.Response.SetContent(ContentTypes.Json);
        context.Response.Headers.CacheControl = "no-cache";
        if (!HttpMethods.IsHead(context.Request.Method))
            await WriteAsync(context, snapshot, request);
        return null;
    }

    private async ValueTask<(Snapshot?, Problem?)> TakeAsync(ListRequest request, CancellationToken cancellationToken)
    {
        var (snapshot, problem) = await reads.TakeAsync(request.Read, cancellationToken);

        // A cursor was valid when it was given; a revision that is not there yet means that the store began anew since.
        return problem is { Status: StatusCodes.Status400BadRequest } && request.FromCursor
            ? (null, Problems.Gone(store.OldestRevision))
            : (snapshot, problem);
    }

    private async Task WriteAsync(HttpContext context, Snapshot snapshot, ListRequest request)
    {
        var output = context.Response.BodyWriter;
        using var json = new Utf8JsonWriter(output, Json.WriterOptions);
        json.WriteStartObject();
        json.WriteNumber("revision"u8, snapshot.Revision);
        if (request.CountOnly)
            json.WriteNumber("count"u8, snapshot.CountOf(request.Range));
        else
            await WritePageAsync(context, json, snapshot, request);
        json.WriteEndObject();
        await json.FlushAsync(context.RequestAborted);
        await output.FlushAsync(context.RequestAborted);
    }

    private async Task WritePageAsync(HttpContext context, Utf8JsonWriter json, Snapshot snapshot, ListRequest request)
    {
        var output = context.Response.BodyWriter;
        var groups = new List<Listed>();
        var groupBytes = 0L;
        Listed last = default;
        var count = 0;
        var more = false;
        json.WriteStartArray("items"u8);
        foreach (var listed in request.In(snapshot))
        {
            // A page has at least one element, however small it has to be, or its cursor would lead nowhere.
            if (count == request.Limit || (count > 0 && json.BytesCommitted + json.BytesPending + groupBytes >= options.PageBytesMax))
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

            EntryJson.Write(json, listed.Entry, request.WithValues);
            if (json.BytesPending + output.UnflushedBytes < FlushBytes)
                continue;
            await json.FlushAsync(context.RequestAborted);
            await output.FlushAsync(context.RequestAborted);
        }

        json.WriteEndArray();
        if (!request.Delimiter.IsEmpty)
            WriteGroups(json, groups);
        if (more)
        {
            store.Retain(snapshot);
            json.WriteString("cursor"u8, new Cursor(snapshot.Revision, request.Prefix, request.Delimiter, last.Utf8.ToArray()).ToString());
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
