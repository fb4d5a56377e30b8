using System.Text.Json;
using KvStore.Server.Hosting;
using KvStore.Server.Http;
using KvStore.Server.OpenApi;

namespace KvStore.Server.Endpoints;

/// <summary>GET of /v1/kv: keys, with or without values, in order, page by page from one snapshot.</summary>
internal sealed class ListingEndpoints(Store store, KvStoreOptions options)
{
    // Written to the client whenever so much has gathered, so that a page of large values does not gather in memory.
    private const int FlushBytes = 64 * 1024;

    public static void Map(IEndpointRouteBuilder routes)
    {
        var endpoints = ActivatorUtilities.CreateInstance<ListingEndpoints>(routes.ServiceProvider);
        routes.MapMethods("/v1/kv", [HttpMethods.Get], endpoints.ListAsync).WithApi(ListingApi.List);
    }

    private async Task ListAsync(HttpContext context)
    {
        Snapshot? snapshot = null;
        var problem = TryGetRequest(context, out var request);
        if (problem is null)
            (snapshot, problem) = await TakeAsync(request, context.RequestAborted);
        if (problem is not null)
        {
            await problem.WriteAsync(context);
            return;
        }

        EntryResponses.SetRevision(context.Response, snapshot!.Revision);
        context.Response.ContentType = ContentTypes.Json;
        context.Response.Headers.CacheControl = "no-cache";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        await WritePageAsync(context, snapshot, request);
    }

    private async ValueTask<(Snapshot?, Problem?)> TakeAsync(ListRequest request, CancellationToken cancellationToken)
    {
        var (snapshot, problem) = await Reads.TakeAsync(store, request.Revision, cancellationToken);

        // A cursor was valid when it was given; a revision that is not there yet means that the store began anew since.
        return problem is { Status: StatusCodes.Status400BadRequest } && request.FromCursor
            ? (null, Problems.Gone(store.OldestRevision))
            : (snapshot, problem);
    }

    private async Task WritePageAsync(HttpContext context, Snapshot snapshot, ListRequest request)
    {
        var output = context.Response.BodyWriter;
        using var json = new Utf8JsonWriter(output, Json.WriterOptions);
        json.WriteStartObject();
        json.WriteNumber("revision"u8, snapshot.Revision);
        json.WriteStartArray("items"u8);

        Entry? last = null;
        var count = 0;
        var more = false;
        foreach (var entry in snapshot.Scan(request.Range))
        {
            // A page has at least one entry, however small it has to be, or its cursor would lead nowhere.
            if (count == request.Limit || (count > 0 && json.BytesCommitted + json.BytesPending >= options.PageBytesMax))
            {
                more = true;
                break;
            }

            EntryJson.Write(json, entry, request.WithValues);
            last = entry;
            count++;
            if (json.BytesPending + output.UnflushedBytes < FlushBytes)
                continue;
            await json.FlushAsync(context.RequestAborted);
            await output.FlushAsync(context.RequestAborted);
        }

        json.WriteEndArray();
        if (more)
        {
            store.Keep(snapshot);
            json.WriteString("cursor"u8, new Cursor(snapshot.Revision, request.Prefix, last!.Value.Key.Utf8.ToArray()).ToString());
        }

        json.WriteEndObject();
        await json.FlushAsync(context.RequestAborted);
        await output.FlushAsync(context.RequestAborted);
    }

    private Problem? TryGetRequest(HttpContext context, out ListRequest request)
    {
        request = new ListRequest { Limit = options.PageEntriesDefault };
        byte[] prefix = [];
        byte[] after = [];
        long? limit = null;
        long? revision = null;
        var withValues = false;
        var problem = QueryParameters.TryGet(context, ["prefix", "after", "limit", "cursor", "values", Reads.RevisionParameter], out var parameters)
            ?? parameters.TryGetKeyBytes("prefix", options.KeyBytesMax, out prefix)
            ?? parameters.TryGetKeyBytes("after", options.KeyBytesMax, out after)
            ?? parameters.TryGetNumber("limit", 1, options.PageEntriesMax, out limit)
            ?? parameters.TryGetFlag("values", out withValues)
            ?? parameters.TryGetNumber(Reads.RevisionParameter, 0, long.MaxValue, out revision);
        if (problem is not null)
            return problem;

        request = request with { Prefix = prefix, After = after, Revision = revision, WithValues = withValues };
        if (limit is not null)
            request = request with { Limit = (int)limit };
        return parameters.Text("cursor") is { } text ? TryContinue(text, parameters, ref request) : null;
    }

    private static Problem? TryContinue(string text, QueryParameters parameters, ref ListRequest request)
    {
        if (!Cursor.TryParse(text, out var cursor))
            return Problems.MalformedRequest("This is not a cursor of this service. Hand back, whole, the one that the page before gave; or start again without one.", "cursor");
        if (parameters.Has("after") || parameters.Has(Reads.RevisionParameter))
            return Problems.MalformedRequest("A cursor says by itself after which key and at which revision to go on. Leave after and revision away.", "cursor");
        if (parameters.Has("prefix") && !cursor.Prefix.Span.SequenceEqual(request.Prefix.Span))
            return Problems.MalformedRequest("The cursor is of a listing with another prefix. Give the same prefix, or none.", "prefix");
        request = request with { Prefix = cursor.Prefix, After = cursor.After, Revision = cursor.Revision, FromCursor = true };
        return null;
    }

    private readonly record struct ListRequest
    {
        public required int Limit { get; init; }

        public ReadOnlyMemory<byte> Prefix { get; init; }

        public ReadOnlyMemory<byte> After { get; init; }

        public long? Revision { get; init; }

        public bool WithValues { get; init; }

        public bool FromCursor { get; init; }

        public KeyRange Range => KeyRange.WithPrefix(Prefix.Span) is var range && After.IsEmpty ? range : range.After(After.Span);
    }
}
