using Google.Protobuf;
using KvStore.Etcd.Protocol;

namespace KvStore.Testing;

/// <summary>Evaluates one transaction of etcd, which becomes one revision if it changes anything. Its reads see what it wrote before them.</summary>
internal sealed class EtcdTransaction
{
    private readonly EtcdState _before;
    private readonly Func<long, EtcdState> _at;
    private readonly List<Event> _events = [];
    private EtcdState _state;

    private EtcdTransaction(EtcdState before, Func<long, EtcdState> at)
    {
        _state = _before = before;
        _at = at;
    }

    private long Revision => _before.Revision + (_events.Count > 0 ? 1 : 0);

    /// <param name="before">The state that it meets.</param>
    /// <param name="request">The transaction.</param>
    /// <param name="check">Throws if a read asks for a revision that there is not.</param>
    /// <param name="at">The state at an older revision.</param>
    /// <returns>The state afterwards, which is the same one if nothing changed, and the response.</returns>
    public static (EtcdState After, TxnResponse Response) Evaluate(EtcdState before, TxnRequest request, Action<RangeRequest> check, Func<long, EtcdState> at)
    {
        var succeeded = request.Compare.All(compare => Passes(before, compare));
        var operations = succeeded ? request.Success : request.Failure;
        foreach (var operation in operations)
        {
            if (operation.RequestRange is { } range)
                check(range);
        }

        var transaction = new EtcdTransaction(before, at);
        var response = new TxnResponse { Succeeded = succeeded };
        response.Responses.AddRange(operations.Select(transaction.Apply));
        response.Header = new ResponseHeader { Revision = transaction.Revision };
        return (transaction._events.Count == 0 ? before : transaction._state with { Revision = transaction.Revision, Events = [.. transaction._events] }, response);
    }

    private static bool Passes(EtcdState state, Compare compare)
    {
        var entry = state.Find(compare.Key);
        var order = compare.Target switch
        {
            Compare.Types.CompareTarget.Version => (entry?.Version ?? 0).CompareTo(compare.Version),
            Compare.Types.CompareTarget.Create => (entry?.CreateRevision ?? 0).CompareTo(compare.CreateRevision),
            Compare.Types.CompareTarget.Mod => (entry?.ModRevision ?? 0).CompareTo(compare.ModRevision),
            _ => entry?.Value.Span.SequenceCompareTo(compare.Value.Span),
        };

        // The value of a key that does not exist passes no comparison.
        return order is { } known && compare.Result switch
        {
            Compare.Types.CompareResult.Equal => known == 0,
            Compare.Types.CompareResult.Greater => known > 0,
            Compare.Types.CompareResult.Less => known < 0,
            _ => known != 0,
        };
    }

    private ResponseOp Apply(RequestOp operation) => operation.RequestCase switch
    {
        RequestOp.RequestOneofCase.RequestPut => new ResponseOp { ResponsePut = Put(operation.RequestPut) },
        RequestOp.RequestOneofCase.RequestDeleteRange => new ResponseOp { ResponseDeleteRange = DeleteRange(operation.RequestDeleteRange) },
        _ => new ResponseOp { ResponseRange = Range(operation.RequestRange) },
    };

    private RangeResponse Range(RangeRequest request)
    {
        var response = (request.Revision > 0 ? _at(request.Revision) : _state).Range(request);
        response.Header.Revision = Revision;
        return response;
    }

    private PutResponse Put(PutRequest request)
    {
        var revision = _before.Revision + 1;
        var entry = new KeyValue { Key = request.Key, Value = request.Value, CreateRevision = revision, ModRevision = revision, Version = 1 };
        var (from, to) = _state.Locate(request.Key, ByteString.Empty);
        if (to > from)
            (entry.CreateRevision, entry.Version) = (_state.Keys[from].CreateRevision, _state.Keys[from].Version + 1);
        _state = _state with { Keys = to > from ? _state.Keys.SetItem(from, entry) : _state.Keys.Insert(from, entry) };
        _events.Add(new Event { Type = Event.Types.EventType.Put, Kv = entry, PrevKv = entry.Version > 1 ? _before.Find(request.Key) : null });
        return new PutResponse { Header = new ResponseHeader { Revision = revision } };
    }

    private DeleteRangeResponse DeleteRange(DeleteRangeRequest request)
    {
        var (from, to) = _state.Locate(request.Key, request.RangeEnd);
        for (var i = from; i < to; i++)
        {
            var tombstone = new KeyValue { Key = _state.Keys[i].Key, ModRevision = _before.Revision + 1 };
            _events.Add(new Event { Type = Event.Types.EventType.Delete, Kv = tombstone, PrevKv = _before.Find(_state.Keys[i].Key) });
        }

        _state = _state with { Keys = _state.Keys.RemoveRange(from, to - from) };
        return new DeleteRangeResponse { Header = new ResponseHeader { Revision = Revision }, Deleted = to - from };
    }
}
