using System.Runtime.CompilerServices;
using Google.Protobuf;
using KvStore.Etcd;
using KvStore.Etcd.Protocol;

namespace KvStore.Testing;

/// <summary>A client of a <see cref="FakeEtcdServer"/>, with the faults of a network between them. Thread-safe, except that a script is set before the calls.</summary>
internal sealed class FakeEtcd(FakeEtcdServer server) : IEtcd
{
    private readonly Lock _lock = new();
    private CancellationTokenSource _connection = new();
    private TaskCompletionSource? _suspension;
    private bool _isCutOff;
    private bool _isDisposed;

    /// <summary>Whether the version of etcd answers reads linearizably. If not, <see cref="EtcdFault.Stale"/> is something that it does.</summary>
    public bool IsReadSafe { get; set; } = true;

    /// <summary>How many revisions <see cref="EtcdFault.Stale"/> is behind.</summary>
    public int StaleLag { get; set; } = 1;

    /// <summary>What happens to a call, of which this is the request. Asked once for each, before it is sent.</summary>
    public Func<IMessage, EtcdFault> Fault { get; set; } = _ => EtcdFault.None;

    /// <summary>What happens to a response of a watch.</summary>
    public Func<WatchResponse, EtcdWatchFault> WatchFault { get; set; } = _ => EtcdWatchFault.None;

    /// <summary>How many revisions before the one that was asked for a watch starts, so that events come again.</summary>
    public Func<int> WatchRewind { get; set; } = () => 0;

    /// <summary>What a request waits for on its way to the server.</summary>
    public Func<IMessage, Task> Sending { get; set; } = _ => Task.CompletedTask;

    /// <summary>What an answer, or a response of a watch, waits for on its way back: this is its request, or that response.</summary>
    public Func<IMessage, Task> Answering { get; set; } = _ => Task.CompletedTask;

    public Task<RangeResponse> RangeAsync(RangeRequest request, CancellationToken cancellationToken) =>
        CallAsync(request, lag => server.Range(request, lag), cancellationToken);

    public Task<TxnResponse> TxnAsync(TxnRequest request, CancellationToken cancellationToken) =>
        CallAsync(request, lag => server.Txn(request, lag), cancellationToken);

    public Task CompactAsync(long revision, CancellationToken cancellationToken) => CallAsync(
        new CompactionRequest { Revision = revision },
        _ =>
        {
            server.Compact(revision);
            return revision;
        },
        cancellationToken);

    public Task<EtcdClusterReport> ReportAsync(CancellationToken cancellationToken) => CallAsync(
        new StatusRequest(),
        _ =>
        {
            server.Reported();
            return new EtcdClusterReport(
                server.ClusterId,
                [new EtcdMemberReport(1, "fake", ["http://fake:2379"], new StatusResponse { Version = server.Version, Leader = 1, DbSize = server.FileBytes, DbSizeInUse = server.UsedBytes })],
                server.IsFull ? ["NOSPACE"] : []);
        },
        cancellationToken);

    public async IAsyncEnumerable<WatchResponse> WatchAsync(WatchCreateRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var sent = request.Clone();
        if (sent.StartRevision > 0)
            sent.StartRevision = Math.Max(Math.Min(sent.StartRevision, server.CompactedRevision + 1), sent.StartRevision - WatchRewind());
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, ConnectionToken());
        var watch = await CallAsync(sent, _ => server.Watch(sent), cancellationToken);
        try
        {
            while (true)
                yield return await TakeAsync(watch, ended.Token, cancellationToken);
        }
        finally
        {
            server.Remove(watch);
        }
    }

    /// <summary>Ends the streams of all watches that there are.</summary>
    public void BreakWatches()
    {
        CancellationTokenSource connection;
        lock (_lock)
            (connection, _connection) = (_connection, new CancellationTokenSource());
        connection.Cancel();
    }

    /// <summary>Cuts the network: calls fail, with an unknown outcome if they are under way, and watches are silent.</summary>
    public void CutOff()
    {
        lock (_lock)
            _isCutOff = true;
    }

    /// <summary>Mends the network; the watches end.</summary>
    public void Heal()
    {
        lock (_lock)
            _isCutOff = false;
        BreakWatches();
    }

    /// <summary>Stops the process, as far as etcd can see it: nothing is sent or received until it is resumed.</summary>
    public void Suspend()
    {
        lock (_lock)
            _suspension ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    public void Resume()
    {
        TaskCompletionSource? suspension;
        lock (_lock)
            (suspension, _suspension) = (_suspension, null);
        suspension?.SetResult();
    }

    public ValueTask DisposeAsync()
    {
        lock (_lock)
            _isDisposed = true;
        Resume();
        BreakWatches();
        return ValueTask.CompletedTask;
    }

    private async Task<T> CallAsync<T>(IMessage request, Func<int, T> execute, CancellationToken cancellationToken)
    {
        await Suspension().WaitAsync(cancellationToken);
        var fault = IsCutOff ? EtcdFault.NotSent : Fault(request);
        if (fault is EtcdFault.NotSent)
            throw new EtcdException(EtcdFailure.NotSent, "No member could be reached.");
        await Sending(request).WaitAsync(cancellationToken);
        await Suspension().WaitAsync(cancellationToken);
        if (IsCutOff || fault is EtcdFault.RequestLost)
            throw Unknown();
        if (fault is EtcdFault.Refused)
            throw new EtcdException(EtcdFailure.Refused, "etcdserver: no leader");
        if (fault is EtcdFault.RequestDelayed)
        {
            server.Delay(() => execute(0));
            throw Unknown();
        }

        if (fault is EtcdFault.SentTwice)
            execute(0);
        var answer = execute(fault is EtcdFault.Stale ? StaleLag : 0);
        await Answering(request).WaitAsync(cancellationToken);
        await Suspension().WaitAsync(cancellationToken);
        return IsCutOff || fault is EtcdFault.AnswerLost ? throw Unknown() : answer;
    }

    private async Task<WatchResponse> TakeAsync(FakeEtcdWatch watch, CancellationToken ended, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                var response = await watch.TakeAsync(ended);
                await Answering(response).WaitAsync(ended);
                await Suspension().WaitAsync(ended);
                var fault = WatchFault(response);
                if (fault is EtcdWatchFault.Broken)
                    throw new EtcdException(EtcdFailure.Unknown, "The stream was reset.");
                if (fault is EtcdWatchFault.Silent || IsCutOff)
                    await Task.Delay(Timeout.Infinite, ended);
                if (fault is not EtcdWatchFault.Lost)
                    return response;
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new EtcdException(EtcdFailure.Unknown, "The connection ended.");
        }
    }

    private bool IsCutOff
    {
        get
        {
            lock (_lock)
            {
                ObjectDisposedException.ThrowIf(_isDisposed, this);
                return _isCutOff;
            }
        }
    }

    private Task Suspension()
    {
        lock (_lock)
            return _suspension?.Task ?? Task.CompletedTask;
    }

    private CancellationToken ConnectionToken()
    {
        lock (_lock)
            return _connection.Token;
    }

    private static EtcdException Unknown() => new(EtcdFailure.Unknown, "The call timed out.");
}
