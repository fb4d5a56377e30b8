using System.Buffers.Text;
using KvStore.Origins;

namespace KvStore.Server;

/// <summary>/v1/origins/{name}/outbox: which writes the origin has yet to get; delivering parked ones again, and giving some up.</summary>
internal sealed class OutboxEndpoints(ServedOrigins origins, Store store, RequestBodies bodies, KvStoreOptions options)
{
    private const string Outbox = "/v1/origins/{name}/outbox";

    private const int AtOnce = 256;

    private const string State = "state";
    private const string Pending = "pending";
    private const string Parked = "parked";

    public static void Map(IEndpointRouteBuilder routes)
    {
        var endpoints = ActivatorUtilities.CreateInstance<OutboxEndpoints>(routes.ServiceProvider);
        routes.Map(HttpMethods.Get, Outbox, endpoints.ListAsync, OutboxApi.List);
        routes.Map(HttpMethods.Head, Outbox, endpoints.ListAsync, OutboxApi.List.AsHead("headOutbox"));
        routes.Map(HttpMethods.Post, Outbox + "/retry", endpoints.RetryAsync, OutboxApi.Retry);
        routes.Map(HttpMethods.Delete, Outbox, endpoints.DropAsync, OutboxApi.Drop);
    }

    private async Task<Problem?> ListAsync(HttpContext context)
    {
        ServedOrigin origin = null!;
        bool? isParked = null;
        long? limit = null;
        byte[] after = [];
        var problem = QueryParameters.TryGet(context, [State, "limit", "cursor"], out var parameters)
            ?? TryFind(context, out origin)
            ?? TryGetState(parameters, out isParked)
            ?? parameters.TryGetNumber("limit", 1, options.PageEntriesMax, out limit)
            ?? TryGetCursor(parameters, origin, out after)
            ?? Access.Check(context, Rights.Read, KeyRange.WithPrefix(origin.State.Prefix.Span))
            ?? FindOutbox(origin);
        if (problem is not null)
            return problem;
        if (store.State == StoreState.Loading)
            return StoreProblems.Loading(store);
        var page = OutboxMarks.Scan(store.Latest, origin.State.Prefix.Span, after, isParked).Take((int)(limit ?? options.PageEntriesDefault) + 1).ToList();
        var output = new JsonOutput(context, options);
        Write(output.Json, page, (int)(limit ?? options.PageEntriesDefault));
        await output.FlushAsync();
        return null;
    }

    private async Task<Problem?> RetryAsync(HttpContext context)
    {
        ServedOrigin origin = null!;
        if ((QueryParameters.TryGet(context, [], out _) ?? TryFind(context, out origin)) is { } problem)
            return problem;
        OriginBody body = null!;
        using (var received = await bodies.ReadJsonAsync(context))
        {
            if ((received.Problem ?? OriginBody.TryParse(received.Bytes, options, origin.State, Access.Of(context), Rights.Write, takesPrefix: true, out body) ?? FindOutbox(origin)) is { } unusable)
                return unusable;
        }

        var records = body.Prefix is { } prefix ? OutboxMarks.Scan(store.Latest, prefix, default, isParked: true) : body.Keys.Select(Find).OfType<Entry>().Where(record => OutboxMark.Read(record).IsParked);
        return await SubmitAsync(context, records, origin.State.Outbox!.Retry, "retried");
    }

    private async Task<Problem?> DropAsync(HttpContext context)
    {
        ServedOrigin origin = null!;
        bool? isParked = null;
        byte[] prefix = [];
        Key key = default;
        var problem = QueryParameters.TryGet(context, ["key", "prefix", State], out var parameters)
            ?? TryFind(context, out origin)
            ?? TryGetState(parameters, out isParked)
            ?? parameters.TryGetKeyBytes("prefix", options.KeyBytesMax, out prefix)
            ?? (parameters.Has("key") == parameters.Has("prefix") ? Problems.MalformedRequest("Give the key to give up, or the prefix of the keys.", "key") : null)
            ?? (parameters.Text("key") is { } text ? KeyText.TryCreate(Encoding.UTF8.GetBytes(text), options.KeyBytesMax, "key", out key) : null)
            ?? CheckPrefix(origin, parameters.Has("key") ? key.Utf8 : prefix, parameters.Has("key") ? "key" : "prefix")
            ?? (parameters.Has("key") ? Access.Check(context, Rights.Write, key) : Access.Check(context, Rights.Write, KeyRange.WithPrefix(prefix)))
            ?? FindOutbox(origin);
        if (problem is not null)
            return problem;
        var records = parameters.Has("prefix") ? OutboxMarks.Scan(store.Latest, prefix, default, isParked)
            : Find(key) is { } found && (isParked ?? OutboxMark.Read(found).IsParked) == OutboxMark.Read(found).IsParked ? [found] : [];
        return await SubmitAsync(context, records, origin.State.Drop, "dropped");
    }

    private Entry? Find(Key key) => OutboxMarks.Find(store.Latest, key);

    // Each is a transaction of its own. What was written or delivered meanwhile is left alone, and does not count.
    private async Task<Problem?> SubmitAsync(HttpContext context, IEnumerable<Entry> records, Func<Entry, Transaction> make, string done)
    {
        if (store.State != StoreState.Running)
            return StoreProblems.Loading(store);
        var (count, failed) = (0, 0);
        foreach (var some in records.Chunk(AtOnce))
        {
            foreach (var outcome in await Task.WhenAll(some.Select(record => store.SubmitAsync(make(record)))))
            {
                count += outcome is Outcome.Committed ? 1 : 0;
                failed += outcome is Outcome.Committed or Outcome.GuardsFailed ? 0 : 1;
            }
        }

        context.Response.SetRevision(store.Latest.Revision);
        var output = new JsonOutput(context, options);
        output.Json.WriteStartObject();
        output.Json.WriteNumber(done, count);
        output.Json.WriteNumber("failed"u8, failed);
        output.Json.WriteEndObject();
        await output.FlushAsync();
        return null;
    }

    private static void Write(Utf8JsonWriter json, List<Entry> page, int limit)
    {
        json.WriteStartObject();
        json.WriteStartArray("items"u8);
        foreach (var record in page.Take(limit))
        {
            var mark = OutboxMark.Read(record, withReason: true);
            json.WriteStartObject();
            json.WriteString("key"u8, OutboxMarks.Utf8Of(record.Key));
            json.WriteNumber("revision"u8, record.Revision);
            json.WriteString("state"u8, mark.IsParked ? Parked : Pending);
            JsonTime.Write(json, "since"u8, DateTimeOffset.FromUnixTimeMilliseconds(mark.SinceMilliseconds));
            if (mark.IsParked)
                json.WriteString("reason"u8, mark.Reason);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        if (page.Count > limit)
            json.WriteString("cursor"u8, Base64Url.EncodeToString(OutboxMarks.Utf8Of(page[limit - 1].Key)));
        json.WriteEndObject();
    }

    private Problem? TryFind(HttpContext context, out ServedOrigin origin)
    {
        var name = (string)context.Request.RouteValues["name"]!;
        origin = origins.Find(name)!;
        return origin is null ? OriginProblems.NoSuchOrigin(name) : null;
    }

    private static Problem? FindOutbox(ServedOrigin origin) => origin.Outbox is null ? OriginProblems.NoOutbox(origin.Options.Name) : null;

    private static Problem? TryGetState(QueryParameters parameters, out bool? isParked)
    {
        isParked = parameters.Text(State) switch { Pending => false, Parked => true, _ => null };
        return parameters.Has(State) && isParked is null ? Problems.MalformedRequest($"Give {Pending} or {Parked}.", State) : null;
    }

    private static Problem? TryGetCursor(QueryParameters parameters, ServedOrigin origin, out byte[] after)
    {
        after = [];
        if (parameters.Text("cursor") is not { } text)
            return null;
        after = Base64Url.IsValid(text) ? Base64Url.DecodeFromChars(text) : [];
        return after.AsSpan().StartsWith(origin.State.Prefix.Span) ? null : Problems.MalformedRequest("This is not a cursor of this list. Send the complete cursor of the previous page, or start again without one.", "cursor");
    }

    private static Problem? CheckPrefix(ServedOrigin origin, ReadOnlySpan<byte> bytes, string field) =>
        bytes.StartsWith(origin.State.Prefix.Span) ? null : Problems.MalformedRequest($"It does not start with {origin.Options.Prefix}, as all keys of this origin do.", field);
}
