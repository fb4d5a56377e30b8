using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;

namespace KvStore.Server;

/// <summary>GET of /v1/watch: what happens to a key, or to all with a prefix, as a stream of events.</summary>
internal sealed class WatchEndpoints(Store store, Reads reads, KvStoreOptions options)
{
    // Flushed whenever so much has gathered: a client who does not read holds this much, and what the web server buffers.
    private const int FlushBytes = 64 * 1024;

    private const string LastEventId = "Last-Event-ID";

    private readonly WatchEventEncoder _withValues = new(withValues: true, options.WatchEventBytesMax);
    private readonly WatchEventEncoder _withoutValues = new(withValues: false, options.WatchEventBytesMax);

    public static void Map(IEndpointRouteBuilder routes)
    {
        var endpoints = ActivatorUtilities.CreateInstance<WatchEndpoints>(routes.ServiceProvider);
        routes.Map(HttpMethods.Get, "/v1/watch", endpoints.WatchAsync, WatchApi.Watch);
    }

    private async Task<Problem?> WatchAsync(HttpContext context)
    {
        RequestLog.MayTakeLong(context);
        var beginning = new Beginning();
        var problem = TryGetRequest(context, out var request) ?? await BeginAsync(request, beginning, context.RequestAborted);
        if (problem is not null)
            return problem;

        using var watcher = store.TryWatch(request.Filter, beginning.After);
        if (watcher is null)
            return Problems.TooManyWatchers(store.Options.WatchersMax, RetryTimes.Restart);
        var state = watcher.Read();
        if (state == WatchState.Gone)
            return Problems.Gone(store.OldestRevision);
        if (state == WatchState.Stopped)
            return Problems.Unavailable("The service is stopping. Watch on another replica, or when it is back.", RetryTimes.Restart);
        await StreamAsync(context, watcher, state, beginning, request.WithValues);
        return null;
    }

    /// <summary>Finds where to begin: the state to send first, if any, and the revision after which changes come.</summary>
    private async ValueTask<Problem?> BeginAsync(WatchRequest request, Beginning beginning, CancellationToken cancellationToken)
    {
        var (latest, problem) = await reads.TakeAsync(request.Read, cancellationToken);
        if (problem is not null)
            return problem;

        // An event that the store has not come to was sent before the store began anew.
        if (request.LastEventId > latest!.Revision)
            return Problems.Gone(store.OldestRevision);
        if (request.LastEventId is null && request.WithInitial)
        {
            (latest, problem) = await reads.TakeAsync(request.Read with { Revision = request.From }, cancellationToken);
            (beginning.Initial, beginning.After) = (latest, latest?.Revision ?? 0);
            return problem;
        }

        beginning.After = request.LastEventId ?? request.From ?? latest.Revision;
        return null;
    }

    private async Task StreamAsync(HttpContext context, Watcher watcher, WatchState state, Beginning beginning, bool withValues)
    {
        var response = context.Response;
        response.SetContent(WatchEvents.ContentType);

        // Proxies that gather a response before they pass it on would never pass this one on.
        response.Headers["X-Accel-Buffering"] = "no";

        // What comes after it is in the stream, so that a client who loses the connection before the first event knows where to go on.
        EntryResponses.SetRevision(response, Math.Min(beginning.After, store.Latest.Revision));

        var output = new EventOutput(response.BodyWriter, context.RequestAborted);
        var goesOn = await output.WriteAsync(WatchEvents.Comment($"watching after revision {beginning.After}"))
            && await WriteInitialAsync(output, beginning, watcher.Filter, withValues);
        while (goesOn && await WriteAsync(output, watcher, state, withValues))
        {
            // All that there is goes out at once, because handing something to a connection costs much more than writing it.
            state = watcher.Read();
            if (state != WatchState.Silent)
                continue;
            goesOn = await output.FlushAsync();
            state = goesOn ? await watcher.ReadAsync(options.WatchBookmarkInterval, context.RequestAborted) : state;
        }
    }

    // False when nobody is there any more.
    private static async ValueTask<bool> WriteInitialAsync(EventOutput output, Beginning beginning, WatchFilter filter, bool withValues)
    {
        if (beginning.Initial is not { } initial)
            return true;

        // What has been replaced since would otherwise stay in memory as long as the watch lasts.
        beginning.Initial = null;
        foreach (var entry in initial.Scan(filter.Range))
        {
            if (!await output.WriteAsync(WatchEvents.Entry(entry, withValues)))
                return false;
        }

        return await output.WriteAsync(WatchEvents.Synced(initial.Revision));
    }

    // False when it was the last that there is to say.
    private async ValueTask<bool> WriteAsync(EventOutput output, Watcher watcher, WatchState state, bool withValues)
    {
        switch (state)
        {
            case WatchState.Changed when watcher.TryEncode(withValues ? _withValues : _withoutValues, out var events):
                return await output.WriteAsync(events);
            case WatchState.Changed:
                await output.WriteAsync(WatchEvents.TooLarge(store.OldestRevision));
                return false;
            case WatchState.Silent when !output.HasBegun:
                // The first look finds nothing, usually, and that is no news.
                return true;
            case WatchState.Silent:
                // As a bookmark, a position that is still to come would be taken for one that the store has reached.
                return await output.WriteAsync(watcher.Position <= store.Latest.Revision
                    ? WatchEvents.Bookmark(watcher.Position)
                    : WatchEvents.Comment($"waiting for revision {watcher.Position}"));
            case WatchState.Gone:
                await output.WriteAsync(WatchEvents.Gone(store.OldestRevision));
                return false;
            default:
                return false;
        }
    }

    private Problem? TryGetRequest(HttpContext context, out WatchRequest request)
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
            problem = Problems.MalformedRequest("Give either key, for one key, or prefix, for all that start with it (prefix= for every key).", "key");
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
        if (context.Request.Headers[LastEventId] is not { Count: > 0 } values || values is [""])
            return null;
        if (!long.TryParse(values.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number == long.MaxValue)
            return Problems.MalformedRequest("Give the id of an event of this service: a revision.", LastEventId);
        id = number;
        return null;
    }

    private readonly record struct WatchRequest(WatchFilter Filter, ReadRequest Read, long? From, long? LastEventId, bool WithInitial, bool WithValues);

    /// <summary>Where a watch begins.</summary>
    private sealed class Beginning
    {
        /// <summary>The state to send first; null when there is none, and when it is being sent.</summary>
        public Snapshot? Initial { get; set; }

        /// <summary>The revision after which changes come.</summary>
        public long After { get; set; }
    }

    /// <summary>Writes events so that what a client does not read does not gather here.</summary>
    private sealed class EventOutput(PipeWriter output, CancellationToken cancellationToken)
    {
        /// <summary>Whether anything was flushed.</summary>
        public bool HasBegun { get; private set; }

        /// <summary>Writes an event, and waits when the connection has more than enough; false when nobody is there any more.</summary>
        public async ValueTask<bool> WriteAsync(ReadOnlyMemory<byte> bytes)
        {
            while (bytes.Length > 0)
            {
                var piece = bytes[..Math.Min(bytes.Length, FlushBytes)];
                output.Write(piece.Span);
                bytes = bytes[piece.Length..];
                if (output.UnflushedBytes >= FlushBytes && !await FlushAsync())
                    return false;
            }

            return true;
        }

        /// <summary>Hands everything to the connection; false when nobody is there any more.</summary>
        public async ValueTask<bool> FlushAsync()
        {
            HasBegun = true;
            var flushed = await output.FlushAsync(cancellationToken);
            return flushed is { IsCompleted: false, IsCanceled: false };
        }
    }
}
