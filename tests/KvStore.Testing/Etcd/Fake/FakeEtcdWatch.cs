using System.Threading.Channels;
using KvStore.Etcd;
using KvStore.Etcd.Protocol;

namespace KvStore.Testing;

/// <summary>The responses of one watch, on their way to its client.</summary>
internal sealed class FakeEtcdWatch(WatchCreateRequest request, long id)
{
    private readonly Channel<WatchResponse> _responses = Channel.CreateUnbounded<WatchResponse>();
    private readonly long _start = request.StartRevision;

    public void Created(ResponseHeader header) => _responses.Writer.TryWrite(new WatchResponse { Header = header, WatchId = id, Created = true });

    /// <summary>Adds what it is for of some revisions: all events of a revision are in one response.</summary>
    public void Add(IEnumerable<EtcdState> states, ResponseHeader header)
    {
        var response = new WatchResponse { Header = header, WatchId = id };
        foreach (var change in states.Where(state => state.Revision >= _start).SelectMany(state => state.Events))
        {
            var filter = change.Type == Event.Types.EventType.Put ? WatchCreateRequest.Types.FilterType.Noput : WatchCreateRequest.Types.FilterType.Nodelete;
            if (!EtcdState.Contains(request.Key, request.RangeEnd, change.Kv.Key) || request.Filters.Contains(filter))
                continue;
            var copy = change.Clone();
            if (!request.PrevKv)
                copy.PrevKv = null;
            response.Events.Add(copy);
        }

        if (response.Events.Count > 0)
            _responses.Writer.TryWrite(response);
    }

    /// <summary>Ends the stream after what is on its way.</summary>
    public void Fail(EtcdException failure) => _responses.Writer.TryComplete(failure);

    /// <summary>The next response; the failure that ended the stream is thrown.</summary>
    public async ValueTask<WatchResponse> TakeAsync(CancellationToken cancellationToken)
    {
        while (await _responses.Reader.WaitToReadAsync(cancellationToken))
        {
            if (_responses.Reader.TryRead(out var response))
                return response;
        }

        throw new EtcdException(EtcdFailure.Unknown, "The stream ended.");
    }
}
