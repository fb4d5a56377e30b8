namespace KvStore.Server;

/// <summary>The parameters of a watch.</summary>
/// <param name="Filter">The keys to watch.</param>
/// <param name="Read">The state to start from.</param>
/// <param name="From">The revision after which changes are sent; null: the latest.</param>
/// <param name="LastEventId">The last event that the client has, which replaces <paramref name="From"/> and <paramref name="WithInitial"/>.</param>
/// <param name="WithInitial">Whether the initial state is sent first.</param>
/// <param name="WithValues">Whether events have values.</param>
internal readonly record struct WatchRequest(WatchFilter Filter, ReadRequest Read, long? From, long? LastEventId, bool WithInitial, bool WithValues)
{
    private const string LastEventIdHeader = "Last-Event-ID";

    public static Problem? TryGet(HttpContext context, KvStoreOptions options, out WatchRequest request)
    {
        request = default;
        long? from = null;
        byte[] prefix = [];
        var initial = false;
        var withValues = true;
        Key key = default;
        long? lastEventId = null;
        ReadRequest read = default;
        var problem = QueryParameters.TryGet(context, ["key", "prefix", "from", "initial", "values", Reads.ConsistencyParameter, Reads.MinRevisionParameter], out var parameters)
            ?? Reads.TryGet(parameters, out read)
            ?? parameters.TryGetKeyBytes("prefix", options.KeyBytesMax, out prefix)
            ?? parameters.TryGetNumber("from", 0, long.MaxValue - 1, out from)
            ?? parameters.TryGetFlag("initial", out initial)
            ?? TryGetLastEventId(context, out lastEventId);
        if (problem is null && parameters.Has("values"))
            problem = parameters.TryGetFlag("values", out withValues);
        if (problem is null && parameters.Has("key") == parameters.Has("prefix"))
            problem = Problems.MalformedRequest("Give either key, for one key, or prefix, for all keys that start with it (prefix= for every key).", "key");
        if (problem is null && parameters.Text("key") is { } text)
            problem = RequestKey.TryParse(text, options.KeyBytesMax, "key", out key);
        if (problem is not null)
            return problem;

        var filter = key.Length > 0 ? WatchFilter.OfKey(key) : WatchFilter.OfPrefix(prefix);
        request = new WatchRequest(filter, read, from, lastEventId, initial, withValues);
        return null;
    }

    private static Problem? TryGetLastEventId(HttpContext context, out long? id)
    {
        id = null;
        if (context.Request.Headers[LastEventIdHeader] is not { Count: > 0 } values || values is [""])
            return null;
        if (!long.TryParse(values.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number == long.MaxValue)
            return Problems.MalformedRequest("Give the id of an event of this service: a revision.", LastEventIdHeader);
        id = number;
        return null;
    }
}
