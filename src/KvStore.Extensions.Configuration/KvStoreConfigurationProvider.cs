namespace KvStore.Extensions.Configuration;

/// <summary>
/// The configuration below a prefix of a store. <see cref="Load"/> waits for the first state of the store; after that one task watches the prefix and replaces the values as a whole.
/// While the store is away the values stay, and the task connects again for as long as the provider is not disposed of.
/// </summary>
public sealed class KvStoreConfigurationProvider : ConfigurationProvider, IDisposable
{
    private readonly KvStoreConfigurationSource _source;
    private readonly IKvStoreClient _client;
    private readonly CancellationTokenSource _ending = new();
    private readonly TaskCompletionSource _loaded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task? _watching;

    // Whether Load has ended, so that what is published is a reload. Under the lock of _loaded, as Data is.
    private bool _isStarted;
    private volatile Exception? _lastFailure;

    internal KvStoreConfigurationProvider(KvStoreConfigurationSource source)
    {
        _source = source;
        _client = source.Client ?? new KvStoreClient(source.Address!, new KvStoreClientOptions { ApiKey = source.ApiKey });
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The store did not answer in time, and there are no last known values, unless the source is optional.</exception>
    public override void Load()
    {
        // Once: what is called a reload by its caller happens by itself.
        if (_watching is not null)
            return;
        _watching = Task.Run(WatchAsync);

        // It blocks, because configuration is loaded synchronously: once, before the application runs.
        Task.WaitAny([_loaded.Task], _source.StartTimeout);
        bool isLoaded;
        lock (_loaded)
            (isLoaded, _isStarted) = (_loaded.Task.IsCompleted, true);
        if (isLoaded || TryLoadLastKnown() || _source.IsOptional)
            return;
        Dispose();
        throw new InvalidOperationException(
            $"The configuration below {_source.Prefix} was not loaded within {_source.StartTimeout}, and there are no last known values. {_lastFailure?.Message}", _lastFailure);
    }

    /// <summary>Ends the watch.</summary>
    public void Dispose()
    {
        _ending.Cancel();
        if (_source.Client is null)
            (_client as IDisposable)?.Dispose();
    }

    // The store may answer while the file is read: its values are the newer ones.
    private bool TryLoadLastKnown()
    {
        if (_source.LastKnownFile is not { } file)
            return false;
        try
        {
            if (LastKnownValues.Load(file) is not { } data)
                return false;
            lock (_loaded)
            {
                if (!_loaded.Task.IsCompleted)
                    Data = data;
            }

            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException)
        {
            _lastFailure = exception;
            return false;
        }
    }

    private async Task WatchAsync()
    {
        var state = new ConfigurationState(_source);
        var delay = _source.ReconnectDelayMax / 10;
        while (!_ending.IsCancellationRequested)
        {
            try
            {
                await FollowAsync(state, () => delay = _source.ReconnectDelayMax / 10).ConfigureAwait(false);
            }
            catch (Exception exception) when (_ending.IsCancellationRequested && exception is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (Exception exception)
            {
                // Whatever it was, the values that are known stay, and the next connection begins with all entries.
                _lastFailure = exception;
                _source.Report(exception);
            }

            try
            {
                await Task.Delay(delay * (0.5 + (Random.Shared.NextDouble() / 2)), _ending.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            delay = delay * 2 < _source.ReconnectDelayMax ? delay * 2 : _source.ReconnectDelayMax;
        }
    }

    // Events are gathered for a while, because a deployment changes many entries, and each reload makes the application compute what depends on it.
    private async Task FollowAsync(ConfigurationState state, Action connected)
    {
        var events = _client.WatchPrefixAsync(_source.Prefix, new KvWatchOptions { IsInitial = true }, _ending.Token).GetAsyncEnumerator(_ending.Token);
        await using var _ = events.ConfigureAwait(false);
        Task? reload = null;
        var next = events.MoveNextAsync().AsTask();
        while (true)
        {
            if (reload is not null && await Task.WhenAny(next, reload).ConfigureAwait(false) == reload)
            {
                reload = null;
                Publish(state.ToData());
                continue;
            }

            if (!await next.ConfigureAwait(false))
                return;
            connected();
            if (state.Apply(events.Current))
                reload ??= _loaded.Task.IsCompleted ? Task.Delay(_source.ReloadDelay, _ending.Token) : Task.CompletedTask;
            next = events.MoveNextAsync().AsTask();
        }
    }

    private void Publish(Dictionary<string, string?> data)
    {
        // The order matters because Load may continue as soon as it is completed. What it waits for is no reload:
        // a callback that was registered after Load would otherwise be called for the values that are there already.
        bool isReload;
        lock (_loaded)
        {
            (Data, isReload) = (data, _isStarted);
            _loaded.TrySetResult();
        }

        try
        {
            if (_source.LastKnownFile is { } file)
                LastKnownValues.Save(file, data);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            _source.Report(exception);
        }

        if (!isReload)
            return;
        try
        {
            OnReload();
        }
        catch (Exception exception)
        {
            // Of what the application does when the configuration changes: the next change comes all the same.
            _source.Report(exception);
        }
    }
}
