using KvStore.Mergeable;

namespace KvStore.Server;

/// <summary>
/// The work for one region, while this replica does it: both stores are followed, and the keys that they name are exchanged, several at a time. Whatever fails is tried again.
/// </summary>
internal sealed class RegionSync
{
    // How often keys are let back that wait after a failure of their own.
    private static readonly TimeSpan WakeInterval = TimeSpan.FromMilliseconds(100);

    // A store that collects garbage retires replicas that are silent for days: it hears of this one by a comparison, also of a value that does not change.
    private static readonly TimeSpan CompareInterval = TimeSpan.FromHours(12);

    private readonly RegionOptions _options;
    private readonly ValueExchange _exchange;
    private readonly RegionReports _reports;
    private readonly TimeProvider _time;
    private readonly StoreFollower[] _here;
    private readonly RegionFollower[] _there;
    private readonly RegionChannel[] _watches;
    private readonly RegionChannel _calls;
    private long _exchanges;
    private long _failures;
    private volatile RegionError? _keyError;

    public RegionSync(RegionOptions options, Store store, MergeableValues values, RegionClient client, int keyBytesMax, RegionReports reports, TimeProvider time)
    {
        (_options, _reports, _time) = (options, reports, time);
        Keys = new PendingKeys(options, time);
        _exchange = new ValueExchange(store, values, client);
        _calls = new RegionChannel(options.BackoffMax, reports.Report, time);
        _watches = [.. options.Prefixes.Select(_ => new RegionChannel(options.BackoffMax, reports.Report, time))];
        _here = [.. options.Prefixes.Select(prefix => new StoreFollower(store, Keys, prefix, time))];
        _there = [.. options.Prefixes.Select((prefix, index) => new RegionFollower(client, Keys, _here[index], _watches[index], prefix, keyBytesMax, time))];
    }

    /// <summary>The keys that have yet to be exchanged, and those that cannot be.</summary>
    public PendingKeys Keys { get; }

    /// <summary>Exchanges that succeeded.</summary>
    public long Exchanges => Interlocked.Read(ref _exchanges);

    /// <summary>Exchanges that failed, and are tried again.</summary>
    public long Failures => Interlocked.Read(ref _failures);

    /// <summary>Since when the changes of the region are followed, all of them; null while they are not.</summary>
    public DateTimeOffset? ConnectedSince => Array.Exists(_watches, watch => watch.WorksSince is null) ? null : _watches.Max(watch => watch.WorksSince);

    /// <summary>When the region answered last.</summary>
    public DateTimeOffset? LastContact => _watches.Append(_calls).Max(channel => channel.LastContact);

    /// <summary>What went wrong last.</summary>
    public RegionError? LastError => _watches.Append(_calls).Select(channel => channel.LastError).Append(_keyError).MaxBy(error => error?.At);

    /// <summary>Works until the token is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        // Otherwise the work would belong to the trace of the start of the service.
        Task all;
        using (ExecutionContext.SuppressFlow())
        {
            all = Task.WhenAll([
                .. _here.Select(follower => Task.Run(() => AlwaysAsync(follower.RunAsync, cancellationToken), CancellationToken.None)),
                .. _there.Select(follower => Task.Run(() => AlwaysAsync(follower.RunAsync, cancellationToken), CancellationToken.None)),
                .. Enumerable.Range(0, _options.ExchangesMax).Select(_ => Task.Run(() => AlwaysAsync(ExchangeAsync, cancellationToken), CancellationToken.None)),
                Task.Run(() => AlwaysAsync(CompareAsync, cancellationToken), CancellationToken.None),
                Task.Run(() => AlwaysAsync(WakeAsync, cancellationToken), CancellationToken.None)]);
        }

        await all;
    }

    // An exception here, such as that there is no memory, must not end the work for good.
    private async Task AlwaysAsync(Func<CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await work(cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception)
            {
                _reports.ReportBug(exception);
                await Task.Delay(_options.BackoffMax, _time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task ExchangeAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var key = await Keys.TakeAsync(cancellationToken);
            var isBack = false;
            try
            {
                await _calls.WaitAsync(cancellationToken);
                var beganAt = _time.GetTimestamp();
                var result = await _exchange.RunAsync(key.Key, key.Known, cancellationToken);
                isBack = true;
                Take(key, result, beganAt);
            }
            finally
            {
                // An exception must not lose the key.
                if (!isBack)
                    Keys.Postpone(key);
            }
        }
    }

    private void Take(PendingKey key, ExchangeResult result, long beganAt)
    {
        switch (result)
        {
            case ExchangeResult.Exchanged exchanged:
                _calls.Succeed();
                if (Keys.Complete(key, exchanged))
                    Interlocked.Increment(ref _exchanges);
                else
                    Keys.Postpone(key);
                break;
            case ExchangeResult.Conflict conflict:
                _calls.Succeed();
                if (Keys.Park(key, conflict.Reason))
                    _reports.ReportConflict(conflict.Reason);
                break;
            case ExchangeResult.RegionFailed failed:
                Interlocked.Increment(ref _failures);
                _calls.Fail(failed.Sentence, failed.RetryAfter, beganAt);
                Keys.Repeat(key);
                break;
            case ExchangeResult.Failed failed:
                Interlocked.Increment(ref _failures);
                _keyError = new RegionError(failed.Sentence, _time.GetUtcNow());
                _reports.ReportKey(failed.Sentence);
                Keys.Postpone(key);
                break;
        }
    }

    private async Task CompareAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await Task.Delay(CompareInterval, _time, cancellationToken);
            Keys.Forget();
            foreach (var follower in _here)
                await follower.ScanAsync(RegionSide.There, cancellationToken);
        }
    }

    private async Task WakeAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await Task.Delay(WakeInterval, _time, cancellationToken);
            Keys.Wake();
        }
    }
}
