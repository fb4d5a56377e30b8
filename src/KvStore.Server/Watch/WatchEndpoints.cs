namespace KvStore.Server;

/// <summary>GET and HEAD of /v1/watch: the changes of a key, or of all keys with a prefix, as a stream of events.</summary>
internal sealed class WatchEndpoints(Store store, Reads reads, StreamedReads streams, KvStoreOptions options)
{
    private readonly ChangeEventEncoder _withValues = new(store, withValues: true);
    private readonly ChangeEventEncoder _withoutValues = new(store, withValues: false);

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

        problem = WatchStream.TryOpen(store, request.Filter, beginning.After, request.After is null ? null : request.AfterField, out var opened);
        if (problem is not null)
            return problem;
        using var watcher = opened!.Watcher;
        var stream = new WatchStream(context, store, options, opened, request.WithValues ? _withValues : _withoutValues);
        await stream.RunAsync(output => WriteInitialAsync(output, beginning, Access.Of(context), request.Filter, request.WithValues));
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

    private async ValueTask WriteInitialAsync(JsonOutput output, WatchBeginning beginning, Principal principal, WatchFilter filter, bool withValues)
    {
        if (beginning.EntriesOf(filter.Range) is not { } entries)
            return;
        foreach (var entry in entries)
        {
            principal.Revoked.ThrowIfCancellationRequested();
            await WatchStream.SendAsync(output, WatchEvents.Entry(output.Target, entry, withValues));
        }

        beginning.Release();
        WatchEvents.Synced(output.Target, new Position(store.Id, beginning.After));
    }
}
