namespace KvStore.Server;

/// <summary>
/// Sends what a watcher reads as events, until the client leaves or may not watch any longer, the service stops, or the encoder says that nothing
/// follows. Belongs to one request.
/// </summary>
internal sealed class WatchStream(HttpContext context, Store store, KvStoreOptions options, WatchStream.Opened opened, WatchEventEncoder encoder)
{
    // Milliseconds; at most twice as long. Different ones, so that not all watchers come back at the same moment.
    private const int ReconnectDelayMin = 500;

    private readonly Watcher _watcher = opened.Watcher;

    /// <summary>Starts a watcher; the problem if there is none. The caller disposes of it.</summary>
    /// <param name="store">The store.</param>
    /// <param name="filter">What is watched.</param>
    /// <param name="after">The revision after which changes are sent.</param>
    /// <param name="field">The part of the request that the revision is from; null if it is not from the request.</param>
    /// <param name="opened">The watcher.</param>
    public static Problem? TryOpen(Store store, WatchFilter filter, long after, string? field, out Opened? opened)
    {
        opened = null;
        if (store.TryWatch(filter, after) is not { } watcher)
            return Problems.TooManyWatchers(store.Options.WatchersMax);
        opened = new Opened(watcher, watcher.Read(), after);
        if (opened.State is not (WatchState.Gone or WatchState.Stopped))
            return null;
        watcher.Dispose();
        return opened.State == WatchState.Gone
            ? Problems.Gone(store.OldestRevision) with { Field = field }
            : Problems.Unavailable("The service is stopping. Watch on another replica, or when it is back.", RetryTimes.Restart);
    }

    /// <summary>Sends the headers, what comes first, and the events; for HEAD the headers alone.</summary>
    public async Task RunAsync(Func<JsonOutput, ValueTask> writeFirst)
    {
        var response = context.Response;
        var output = new JsonOutput(context, options, WatchEvents.ContentType, isOneLine: true, _watcher.TryHold);

        // A proxy that buffers the response would never forward it.
        response.Headers["X-Accel-Buffering"] = "no";

        // A client that loses the connection before the first event can resume after this revision.
        response.SetRevision(opened.After);
        if (HttpMethods.IsHead(context.Request.Method))
            return;

        var shared = new SharedChunks(_watcher, encoder, output, Access.Of(context));
        WatchEvents.Comment(output.Target, $"watching after revision {opened.After}");
        using var revocation = RevocableWait.Begin(context);
        try
        {
            await writeFirst(output);

            // The first read usually finds nothing, which needs no bookmark.
            var (state, hasRead) = (opened.State, false);
            while ((state == WatchState.Silent && !hasRead) || await WriteAsync(output, shared, state))
            {
                hasRead = true;

                // All pending events go out together, because a flush costs much more than a write.
                state = _watcher.Read();
                if (state != WatchState.Silent)
                    continue;
                if (!output.IsFlushed)
                    await output.FlushAsync();
                state = await _watcher.ReadAsync(options.WatchBookmarkInterval, shared.Receiver, revocation.Token);
            }
        }
        catch (OperationCanceledException) when (revocation.IsRevoked)
        {
            WatchEvents.Revoked(output.Target);
        }

        await output.FlushAsync();
    }

    /// <summary>Sends an event, which is written piece by piece.</summary>
    public static async ValueTask SendAsync(JsonOutput output, IEnumerable<JsonTarget> pieces)
    {
        foreach (var _ in pieces)
            await output.FlushIfFullAsync();
        await output.FlushIfFullAsync();
    }

    // False if the stream ends.
    private async ValueTask<bool> WriteAsync(JsonOutput output, SharedChunks shared, WatchState state)
    {
        var isSent = await shared.TryFinishAsync();
        var principal = Access.Of(context);
        principal.Revoked.ThrowIfCancellationRequested();
        switch (state)
        {
            case WatchState.Changed:
                if (!isSent)
                    await WriteChangesAsync(output, shared);
                return !encoder.EndsWith(_watcher.Commits, _watcher.Filter);
            case WatchState.Silent:
                if (store.Connection?.UnreachableSince is { } since)
                    WatchEvents.Comment(output.Target, $"etcd unreachable since {since.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ}");
                WatchEvents.Bookmark(output.Target, new Position(store.Id, _watcher.Position));
                return true;
            case WatchState.Gone:
                WatchEvents.Gone(output.Target, principal.HasAllKeys ? store.OldestRevision : null, encoder.AfterGone);
                return false;
            default:
                WatchEvents.Reconnect(output.Target, new Position(store.Id, _watcher.Position), ReconnectDelayMin + Random.Shared.Next(ReconnectDelayMin), encoder.AfterStop);
                return false;
        }
    }

    private async ValueTask WriteChangesAsync(JsonOutput output, SharedChunks shared)
    {
        if (_watcher.TryEncode(encoder, out var chunk))
        {
            await shared.SendAsync(chunk);
            return;
        }

        foreach (var commit in _watcher.Commits)
        {
            await SendAsync(output, encoder.WriteTo(output.Target, commit, _watcher.Filter));
            if (encoder.IsLast(commit, _watcher.Filter))
                return;
        }
    }

    /// <summary>A watcher that has started.</summary>
    /// <param name="Watcher">The watcher.</param>
    /// <param name="State">What its first read found.</param>
    /// <param name="After">The revision after which changes are sent.</param>
    internal sealed record Opened(Watcher Watcher, WatchState State, long After);
}
