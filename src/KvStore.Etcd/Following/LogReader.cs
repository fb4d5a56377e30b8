using KvStore.Etcd.Protocol;
using KvStore.Etcd.Records;

namespace KvStore.Etcd;

/// <summary>
/// Feeds the state: with a checkpoint, with records that it lists, and then with those that it watches. Starts again where it is, whatever
/// fails, until it is stopped. One call at a time, except of <see cref="Reopen"/>, <see cref="List"/> and <see cref="Reload"/>.
/// </summary>
internal sealed class LogReader(
    IEtcd etcd, EtcdLayout layout, LogState state, ICommitFollower follower, Contact contact, Action<EtcdLogEvent> report, TimeProvider time)
{
    private const int GoneMax = 10;

    private static readonly TimeSpan PauseMin = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan PauseMax = TimeSpan.FromSeconds(1);

    private readonly RecordList _list = new(etcd, layout);
    private readonly CheckpointReader _checkpoints = new(etcd, layout, report);

    private volatile CancellationTokenSource? _watch;
    private volatile bool _mustReload;
    private volatile bool _mustList;

    // Until then, credentials that etcd refuses are a mistake in the settings. Afterwards they were right once, and may be again.
    private bool _isFollowing;
    private TimeSpan _pause = PauseMin;

    /// <summary>Whether the state is about to be loaded again.</summary>
    public bool IsReloading => _mustReload;

    /// <summary>Loads the store: its older checkpoint, so that the history reaches back, and all records after it.</summary>
    public async Task LoadAsync(CancellationToken cancellationToken)
    {
        await TryUntilDoneAsync(
            async token => await LoadImageAsync((await _list.ReadHeadAsync(token).ConfigureAwait(false)).Manifest.Value, token).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
        await TryUntilDoneAsync(CatchUpAsync, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Applies records as they are written. Ends by its token, or with an exception that is a bug or damage.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var isListed = true;
        _isFollowing = true;
        while (!cancellationToken.IsCancellationRequested)
        {
            if (_mustReload)
            {
                await TryUntilDoneAsync(ReloadAsync, cancellationToken).ConfigureAwait(false);
                _mustReload = false;
                isListed = true;
            }

            if (_mustList)
            {
                _mustList = isListed = false;
                report(new(EtcdLogEventKind.Listed, $"The watch of the log has lost something before etcd's revision {state.Applied.Position}; the records are listed."));
            }

            if (!isListed)
                await TryUntilDoneAsync(CatchUpAsync, cancellationToken).ConfigureAwait(false);
            isListed = await WatchAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Loads the state again: it differs from that of other replicas. Any thread may call it.</summary>
    public void Reload()
    {
        _mustReload = true;
        Reopen();
    }

    /// <summary>Lists the records: the watch has passed some by. Any thread may call it.</summary>
    public void List()
    {
        _mustList = true;
        Reopen();
    }

    /// <summary>Opens the watch again: it does not deliver. Any thread may call it.</summary>
    public void Reopen()
    {
        try
        {
            _watch?.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It has just ended by itself.
        }
    }

    // Returns false if records have to be listed.
    private async Task<bool> WatchAsync(CancellationToken cancellationToken)
    {
        using var watch = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _watch = watch;
        var request = new WatchCreateRequest { Key = layout.Head, RangeEnd = layout.LogEnd, StartRevision = state.Applied.Position + 1 };
        request.Filters.Add(WatchCreateRequest.Types.FilterType.Nodelete);
        try
        {
            // Set before the watch was there to be cancelled.
            if (_mustReload || _mustList)
                return true;
            await foreach (var response in etcd.WatchAsync(request, watch.Token).ConfigureAwait(false))
            {
                _pause = PauseMin;
                if (!TryApply([.. response.Events]))
                {
                    report(new(EtcdLogEventKind.Listed, $"The watch of the log has a gap after etcd's revision {state.Applied.Position}; the records are listed."));
                    return false;
                }
            }
        }
        catch (EtcdException exception) when (exception.Failure == EtcdFailure.Compacted)
        {
            report(new(EtcdLogEventKind.Listed, $"etcd has compacted its history after revision {state.Applied.Position}; the records are listed."));
            return false;
        }
        catch (EtcdException exception)
        {
            contact.Lost(exception);
            await PauseAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (watch.IsCancellationRequested)
        {
            // Stopped, or opened again at once.
        }
        finally
        {
            _watch = null;
        }

        return true;
    }

    // Events of one revision are next to each other, and never in two responses.
    private bool TryApply(Event[] events)
    {
        for (var start = 0; start < events.Length;)
        {
            var end = start + 1;
            while (end < events.Length && events[end].Kv.ModRevision == events[start].Kv.ModRevision)
                end++;
            if (!state.TryApply(events.AsSpan(start..end)))
                return false;
            start = end;
        }

        return true;
    }

    // Aside, because the follower takes no image that is older than what it has.
    private async Task ReloadAsync(CancellationToken cancellationToken)
    {
        var image = new ImageFollower(follower.Memory);
        var loaded = new LogState(layout, image, time);
        await new LogReader(etcd, layout, loaded, image, contact, report, time).LoadAsync(cancellationToken).ConfigureAwait(false);
        state.CheckForLoss(loaded.Applied.Position, state.Applied.Position);
        if (image.Latest.Revision < follower.Latest.Revision)
            throw new LogLostException($"This replica is at revision {follower.Latest.Revision}, and the log in etcd leads to {image.Latest.Revision}. Start this replica again.");
        follower.Load(image.Latest.Revision, image.Latest.ScanAll());
        state.Adopt(loaded);
        report(new(EtcdLogEventKind.Loaded, $"Loaded {image.Latest.Count} entries at revision {image.Latest.Revision} again."));
    }

    private async Task LoadImageAsync(Manifest manifest, CancellationToken cancellationToken)
    {
        if (manifest.Checkpoints.Count > 0)
        {
            var loaded = await _checkpoints.LoadAsync(manifest, follower, cancellationToken).ConfigureAwait(false);
            state.Begin(loaded.Position, loaded.Head);
        }
        else
        {
            follower.Load(0, []);
            state.Begin(0, 0);
        }
    }

    private async Task CatchUpAsync(CancellationToken cancellationToken)
    {
        var head = await _list.ReadHeadAsync(cancellationToken).ConfigureAwait(false);
        state.CheckForLoss(head.Revision, state.Applied.Position);

        // Records that the older checkpoint includes may be deleted.
        if (head.Manifest.Value.Checkpoints is [var older, ..] && older.Position > state.RecordsUpTo)
        {
            await LoadImageAsync(head.Manifest.Value, cancellationToken).ConfigureAwait(false);
            await CatchUpAsync(cancellationToken).ConfigureAwait(false);
            return;
        }

        state.Expect(head.Manifest);

        // Also if no record is missing: there may be parts of one that is not written yet, and the watch begins after them.
        await foreach (var listed in _list.ReadAsync(state.RecordsUpTo, head.Revision, cancellationToken).ConfigureAwait(false))
            state.ApplyListed(listed);
        if (state.Head != head.Count)
            throw new LogLostException($"The log in etcd has {head.Count} records at revision {head.Revision}, of which only {state.Head} could be found.");
        state.Set(head.Manifest);
        state.Applied.Advance(head.Revision);
    }

    /// <summary>Takes a step until it succeeds. Ends by its token, or with an exception that trying again would not help against.</summary>
    public async Task TryUntilDoneAsync(Func<CancellationToken, Task> step, CancellationToken cancellationToken)
    {
        var gone = 0;
        while (true)
        {
            try
            {
                await step(cancellationToken).ConfigureAwait(false);
                contact.Found();
                _pause = PauseMin;
                return;
            }
            catch (EtcdException exception) when (exception.Failure == EtcdFailure.Compacted)
            {
                // The revision that pages are read at was compacted meanwhile.
            }
            catch (CheckpointGoneException exception) when (++gone == GoneMax)
            {
                throw new LogLostException($"{exception.Message} No newer checkpoint takes its place: keys in etcd were deleted by someone else.");
            }
            catch (CheckpointGoneException)
            {
                // There are newer ones.
            }
            catch (EtcdException exception) when (_isFollowing || exception.Failure != EtcdFailure.NotPermitted)
            {
                contact.Lost(exception);
            }

            await PauseAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task PauseAsync(CancellationToken cancellationToken)
    {
        await Task.Delay(_pause, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        _pause = _pause * 2 < PauseMax ? _pause * 2 : PauseMax;
    }
}
