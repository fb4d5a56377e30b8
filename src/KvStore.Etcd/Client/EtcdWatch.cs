using Grpc.Core;
using KvStore.Etcd.Protocol;

namespace KvStore.Etcd;

/// <summary>One watch on its own stream. It buffers nothing: what is not read waits at the member, by the flow control of HTTP/2.</summary>
internal sealed class EtcdWatch(EtcdMember member, TimeSpan openTimeout, TimeProvider time, CancellationToken cancellationToken) : IDisposable
{
    private readonly SendOnce _once = new();
    private readonly CancellationTokenSource _opening = new(openTimeout, time);
    private CancellationTokenSource? _ending;
    private AsyncDuplexStreamingCall<WatchRequest, WatchResponse>? _call;
    private bool _isOpen;

    /// <summary>Sends the request. Its failure is that of the first <see cref="NextAsync"/>.</summary>
    public async Task OpenAsync(Metadata? token, WatchCreateRequest request)
    {
        // A member without a leader ends the watch, instead of keeping it open without events.
        var headers = new Metadata { { "hasleader", "true" } };
        foreach (var header in token ?? [])
            headers.Add(header);

        _ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _opening.Token);
        SendOnce.Current = _once;
        _call = member.Watch.Watch(new(headers, cancellationToken: _ending.Token));
        try
        {
            await _call.RequestStream.WriteAsync(new() { CreateRequest = request }, _ending.Token);
        }
        catch (Exception exception) when (exception is RpcException or OperationCanceledException or InvalidOperationException)
        {
            // The responses end with the status, which is what there is to say.
        }
    }

    /// <summary>The next response; the first one says that the watch was created.</summary>
    /// <exception cref="EtcdException">The watch has ended.</exception>
    /// <exception cref="EtcdTokenException">The member refused the token.</exception>
    public async Task<WatchResponse> NextAsync()
    {
        try
        {
            if (!await _call!.ResponseStream.MoveNext(_ending!.Token))
                throw new EtcdException(EtcdFailure.Unknown, $"etcd at {EtcdErrors.Name(member.Endpoint)} ended a watch without a reason. Is it stopping?");
        }
        catch (RpcException exception)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw IsOverdue ? Overdue(exception) : member.Translate(exception, _once, cancellationToken);
        }
        catch (OperationCanceledException exception)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw Overdue(exception);
        }

        var response = _call.ResponseStream.Current;
        if (response.Canceled)
            throw EtcdErrors.OfCanceledWatch(member.Endpoint, response.CompactRevision, response.CancelReason);
        if (!_isOpen)
        {
            _opening.CancelAfter(Timeout.InfiniteTimeSpan);
            _isOpen = true;
        }

        return response;
    }

    public void Dispose()
    {
        _call?.Dispose();
        _ending?.Dispose();
        _opening.Dispose();
    }

    private bool IsOverdue => !_isOpen && _opening.IsCancellationRequested;

    private EtcdException Overdue(Exception cause) => new(_once.TryWithdraw() ? EtcdFailure.NotSent : EtcdFailure.Unknown,
        $"etcd at {EtcdErrors.Name(member.Endpoint)} did not open a watch in time. Is it overloaded, stopped, or without a leader?", cause);
}
