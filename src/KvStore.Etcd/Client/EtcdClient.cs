using System.Runtime.CompilerServices;
using KvStore.Etcd.Protocol;

namespace KvStore.Etcd;

/// <summary>
/// The client of an etcd cluster. A call goes to the current member, once; if that fails, the next call goes to another. Only a call of which
/// nothing was sent, or whose token was refused, is made again, within its timeout.
/// </summary>
internal sealed class EtcdClient : IEtcd
{
    private readonly EtcdClientOptions _options;
    private readonly TimeProvider _time;
    private readonly EtcdMembers _members;
    private readonly EtcdTokens _tokens;
    private readonly EtcdReporter _reporter;
    private readonly EtcdVersions _versions = new();
    private readonly CancellationTokenSource _disposing = new();
    private int _isLearningVersions;

    /// <exception cref="ArgumentException">The options are wrong; the message is for the operator.</exception>
    public EtcdClient(EtcdClientOptions options, TimeProvider time)
    {
        if (options.Validate() is { } fault)
            throw new ArgumentException(fault);
        _options = options;
        _time = time;
        _tokens = new(options);
        EtcdMember[] members = [.. options.Endpoints.Select(endpoint => new EtcdMember(endpoint, options, LearnVersions))];
        _members = new(members, time);
        _reporter = new(this, members, options);
    }

    /// <summary>The version of the member that answered last; null until it is known, soon after the first call.</summary>
    public Version? Version => _versions.OfLastAsked;

    /// <summary>Whether a linearizable read can be relied on; if not, or not known, a barrier is a write.</summary>
    public bool IsReadSafe => _versions.IsReadSafe;

    public async Task<RangeResponse> RangeAsync(RangeRequest request, CancellationToken cancellationToken)
    {
        var response = await CallAsync(static (member, request, options) => member.Kv.RangeAsync(request, options), request, cancellationToken);
        _versions.RecordAnswer(response.Header);
        return response;
    }

    public async Task<TxnResponse> TxnAsync(TxnRequest request, CancellationToken cancellationToken)
    {
        var response = await CallAsync(static (member, request, options) => member.Kv.TxnAsync(request, options), request, cancellationToken);
        _versions.RecordAnswer(response.Header);
        return response;
    }

    public Task CompactAsync(long revision, CancellationToken cancellationToken) =>
        CallAsync(static (member, request, options) => member.Kv.CompactAsync(request, options), new CompactionRequest { Revision = revision }, cancellationToken);

    public async Task<EtcdClusterReport> ReportAsync(CancellationToken cancellationToken)
    {
        var report = await _reporter.ReportAsync(cancellationToken);
        _versions.Record(report);
        return report;
    }

    public async IAsyncEnumerable<WatchResponse> WatchAsync(WatchCreateRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var member = _members.Pick();
        using var watch = new EtcdWatch(member, _options.CallTimeout, _time, cancellationToken);
        var headers = await FollowFailuresAsync(member, _tokens.GetAsync(member, _options.CallTimeout, cancellationToken).AsTask());
        await watch.OpenAsync(headers, request);
        while (true)
            yield return await FollowFailuresAsync(member, NextAsync());

        async Task<WatchResponse> NextAsync()
        {
            try
            {
                return await watch.NextAsync();
            }
            catch (EtcdTokenException exception)
            {
                _tokens.Drop(headers);
                throw exception.Failure;
            }
        }
    }

    /// <summary>Calls one member, with the token of the user. A refused token is replaced once.</summary>
    public async Task<TResponse> AskAsync<TRequest, TResponse>(EtcdMember member, EtcdCall<TRequest, TResponse> call, TRequest request, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var start = _time.GetTimestamp();
        for (var isRepeated = false; ; isRepeated = true)
        {
            var headers = await _tokens.GetAsync(member, timeout - _time.GetElapsedTime(start), cancellationToken);
            try
            {
                return await member.SendAsync(call, request, headers, timeout - _time.GetElapsedTime(start), cancellationToken);
            }
            catch (EtcdTokenException exception)
            {
                if (!_tokens.Drop(headers) || isRepeated)
                    throw exception.Failure;
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _disposing.CancelAsync();
        await _reporter.DisposeAsync();
        foreach (var member in _members.All)
            member.Dispose();
        _tokens.Dispose();
        _disposing.Dispose();
    }

    private async Task<TResponse> CallAsync<TRequest, TResponse>(EtcdCall<TRequest, TResponse> call, TRequest request, CancellationToken cancellationToken)
    {
        var start = _time.GetTimestamp();
        for (var attempt = 1; ; attempt++)
        {
            var member = _members.Pick();
            try
            {
                return await FollowFailuresAsync(member, AskAsync(member, call, request, _options.CallTimeout - _time.GetElapsedTime(start), cancellationToken));
            }
            catch (EtcdException exception) when (exception.Failure == EtcdFailure.NotSent && attempt < _members.All.Length && _time.GetElapsedTime(start) < _options.CallTimeout)
            {
                // No connection took the message, so another member may have it.
            }
        }
    }

    private async Task<T> FollowFailuresAsync<T>(EtcdMember member, Task<T> call)
    {
        try
        {
            return await call;
        }
        catch (EtcdException exception)
        {
            _members.Report(member, exception.Failure);
            throw;
        }
    }

    // Behind a new connection may be another version. In the background, because what connects is a call that waits.
    private void LearnVersions()
    {
        if (Interlocked.Exchange(ref _isLearningVersions, 1) == 0)
            _ = Task.Run(LearnVersionsAsync);
    }

    private async Task LearnVersionsAsync()
    {
        try
        {
            await ReportAsync(_disposing.Token);
        }
        catch (Exception exception) when (exception is EtcdException or OperationCanceledException or ObjectDisposedException)
        {
            // Until the next connection or report, versions stay what they were: not known, if this was the first.
        }
        finally
        {
            Volatile.Write(ref _isLearningVersions, 0);
        }
    }
}
