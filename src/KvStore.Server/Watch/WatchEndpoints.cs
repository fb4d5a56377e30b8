namespace KvStore.Server;

/// <summary>GET and HEAD of /v1/watch: the changes of a key, or of all keys with a prefix, as a stream of events.</summary>
internal sealed class WatchEndpoints(Store store, Reads reads, StreamedReads streams, KvStoreOptions options)
{
    // Milliseconds; at most twice as long. Different ones, so that not all watchers come back at the same moment.
    private const int ReconnectDelayMin = 500;

    private readonly WatchEventEncoder _withValues = new(store, withValues: true);
    private readonly WatchEventEncoder _withoutValues = new(store, withValues: false);

    public static void Map(IEndpointRouteBuilder routes)
    {
        var endpoints = ActivatorUtilities.CreateInstance<WatchEndpoints>(routes.ServiceProvider);
        routes.Map(HttpMethods.Get, "/v1/watch", endpoints.WatchAsync, WatchApi.Watch);
        routes.Map(HttpMethods.Head, "/v1/watch", endpoints.WatchAsync, WatchApi.Watch.AsHead("headWatch"));
    }

    private async Task<Problem?> WatchAsync(HttpContext context)
    {
        RequestLog.MarkClientPaced(context);
        using var beginning = new WatchBeginning(store.Memory.Watches);
        var problem = WatchRequest.TryGet(context, options, out var request) ?? await BeginAsync(context, request, beginning);
        if (problem is not null)
            return problem;

        using var watcher = store.TryWatch(request.Filter, beginning.After);
        if (watcher is null)
            return Problems.TooManyWatchers(store.Options.WatchersMax);
        var state = watcher.Read();
        if (state == WatchState.Gone)
            return Problems.Gone(store.OldestRevision) with { Field = request.After is null ? null : request.AfterField };
        if (state == WatchState.Stopped)
            return Problems.Unavailable("The service is stopping. Watch on another replica, or when it is back.", RetryTimes.Restart);
        await StreamAsync(context, watcher, state, beginning, request.WithValues);
        return null;
    }

    /// <summary>Finds the start: the initial state, if it is requested, and the revision after which changes are sent.</summary>
    private async ValueTask<Problem?> BeginAsync(HttpContext context, WatchRequest request, WatchBeginning beginning)
    {
        var problem = beginning.Take(await reads.TakeAsync(request.Read, context), store, request);
        if (problem is not null || beginning.IsComplete || HttpMethods.IsHead(context.Request.Method))
            return problem;

        // The initial state is large. What comes now may be later than what was taken, and is not earlier.
        (var read, problem) = await streams.BeginAsync(context, request.Read);
        if (read is not null)
            beginning.Stream(read);
        return problem;
    }

    private async Task StreamAsync(HttpContext context, Watcher watcher, WatchState state, WatchBeginning beginning, bool withValues)
    {
        var response = context.Response;
        var output = new JsonOutput(context, options, WatchEvents.ContentType, isOneLine: true, watcher.TryHold);

        // A proxy that buffers the response would never forward it.
        response.Headers["X-Accel-Buffering"] = "no";

        // A client that loses the connection before the first event can resume after this revision.
        response.SetRevision(beginning.After);
        if (HttpMethods.IsHead(context.Request.Method))
            return;

        WatchEvents.Comment(output.Target, $"watching after revision {beginning.After}");
        var principal = Access.Of(context);
        using var revocation = RevocableWait.Begin(context);
        try
        {
            await WriteInitialAsync(output, beginning, principal, watcher.Filter, withValues);
            while (await WriteAsync(output, watcher, principal, state, withValues))
            {
                // All pending events go out together, because a flush costs much more than a write.
                state = watcher.Read();
                if (state != WatchState.Silent)
                    continue;
                await output.FlushAsync();
                state = await watcher.ReadAsync(options.WatchBookmarkInterval, revocation.Token);
            }
        }
        catch (OperationCanceledException) when (revocation.IsRevoked)
        {
            WatchEvents.Revoked(output.Target);
            await output.FlushAsync();
        }
    }

    private async ValueTask WriteInitialAsync(JsonOutput output, WatchBeginning beginning, Principal principal, WatchFilter filter, bool withValues)
    {
        if (beginning.EntriesOf(filter.Range) is not { } entries)
            return;
        foreach (var entry in entries)
        {
            principal.Revoked.ThrowIfCancellationRequested();
            await SendAsync(output, WatchEvents.Entry(output.Target, entry, withValues));
        }

        beginning.Release();
        WatchEvents.Synced(output.Target, PositionOf(beginning.After));
    }

    // False if the stream ends.
    private async ValueTask<bool> WriteAsync(JsonOutput output, Watcher watcher, Principal principal, WatchState state, bool withValues)
    {
        principal.Revoked.ThrowIfCancellationRequested();
        switch (state)
        {
            case WatchState.Changed:
                await WriteChangesAsync(output, watcher, withValues ? _withValues : _withoutValues);
                return true;
            case WatchState.Silent when !output.HasBegun:
                // The first read usually finds nothing, which needs no bookmark.
                return true;
            case WatchState.Silent:
                if (store.Connection?.UnreachableSince is { } since)
                    WatchEvents.Comment(output.Target, $"etcd unreachable since {since.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ}");
                WatchEvents.Bookmark(output.Target, PositionOf(watcher.Position));
                return true;
            case WatchState.Gone:
                WatchEvents.Gone(output.Target, principal.HasAllKeys ? store.OldestRevision : null);
                await output.FlushAsync();
                return false;
            default:
                WatchEvents.Reconnect(output.Target, PositionOf(watcher.Position), ReconnectDelayMin + Random.Shared.Next(ReconnectDelayMin));
                await output.FlushAsync();
                return false;
        }
    }

    private static async ValueTask WriteChangesAsync(JsonOutput output, Watcher watcher, WatchEventEncoder encoder)
    {
        if (watcher.TryEncode(encoder, out var events))
        {
            await output.AppendAsync(events);
            return;
        }

        foreach (var commit in watcher.Commits)
            await SendAsync(output, encoder.WriteTo(output.Target, commit, watcher.Filter));
    }

    private static async ValueTask SendAsync(JsonOutput output, IEnumerable<JsonTarget> pieces)
    {
        foreach (var _ in pieces)
            await output.FlushIfFullAsync();
        await output.FlushIfFullAsync();
    }

    private Position PositionOf(long revision) => new(store.Id, revision);
}
