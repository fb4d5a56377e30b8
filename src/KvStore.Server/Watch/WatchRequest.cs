namespace KvStore.Server;

/// <summary>The parameters of a watch.</summary>
/// <param name="Filter">The keys to watch.</param>
/// <param name="Read">The state to start from.</param>
/// <param name="After">The position after which changes are sent; null: the latest.</param>
/// <param name="AfterField">The part of the request that <paramref name="After"/> is from.</param>
/// <param name="WithInitial">Whether the initial state is sent first; never with <paramref name="After"/>.</param>
/// <param name="WithValues">Whether events have values.</param>
internal readonly record struct WatchRequest(WatchFilter Filter, ReadRequest Read, Position? After, string AfterField, bool WithInitial, bool WithValues)
{
    private const string AfterParameter = "after";
    private const string InitialParameter = "initial";
    private const string LastEventIdHeader = "Last-Event-ID";

    public static Problem? TryGet(HttpContext context, KvStoreOptions options, out WatchRequest request)
    {
        request = default;
        Position? after = null;
        byte[] prefix = [];
        var initial = false;
        var withValues = true;
        Key key = default;
        Position? lastEventId = null;
        ReadRequest read = default;
        var problem = QueryParameters.TryGet(context, ["key", "prefix", AfterParameter, InitialParameter, "values", Reads.ConsistencyParameter, Reads.MinRevisionParameter], out var parameters)
            ?? Reads.TryGet(parameters, out read)
            ?? parameters.TryGetKeyBytes("prefix", options.KeyBytesMax, out prefix)
            ?? Position.TryGet(parameters, AfterParameter, out after)
            ?? parameters.TryGetFlag(InitialParameter, out initial)
            ?? TryGetLastEventId(context, out lastEventId);
        if (problem is null && parameters.Has("values"))
            problem = parameters.TryGetFlag("values", out withValues);
        if (problem is null && parameters.Has("key") == parameters.Has("prefix"))
            problem = Problems.MalformedRequest("Give either key, for one key, or prefix, for all keys that start with it (prefix= for every key).", "key");
        if (problem is null && parameters.Text("key") is { } text)
            problem = KeyText.TryParse(text, options.KeyBytesMax, "key", out key);
        if (problem is null && initial && after is not null)
            problem = Problems.MalformedRequest($"The existing entries are those of the latest revision, and changes after it follow. Give {AfterParameter} or {InitialParameter}=true.", AfterParameter);
        problem ??= key.Length > 0 ? Access.Check(context, Rights.Read, key) : Access.Check(context, Rights.Read, KeyRange.WithPrefix(prefix));
        if (problem is not null)
            return problem;

        var filter = key.Length > 0 ? WatchFilter.OfKey(key) : WatchFilter.OfPrefix(prefix);

        // A browser that reconnects repeats the query and adds the header, so the header counts.
        var position = lastEventId ?? after;
        request = new WatchRequest(
            filter, read with { KnownRevision = position?.Revision ?? 0 }, position, lastEventId is null ? AfterParameter : LastEventIdHeader, initial && lastEventId is null, withValues);
        return null;
    }

    private static Problem? TryGetLastEventId(HttpContext context, out Position? id)
    {
        id = null;
        if (context.Request.Headers[LastEventIdHeader] is not { Count: > 0 } values || values is [""])
            return null;
        if (!Position.TryParse(values.ToString(), out var position))
            return Problems.MalformedRequest("Give the id of an event of this service.", LastEventIdHeader);
        id = position;
        return null;
    }
}
