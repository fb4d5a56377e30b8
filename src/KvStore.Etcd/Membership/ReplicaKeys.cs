using Google.Protobuf;
using KvStore.Etcd.Protocol;

namespace KvStore.Etcd;

/// <summary>The requests to etcd for the records of replicas. Each can be sent again without harm.</summary>
internal sealed class ReplicaKeys(IEtcd etcd, string prefix)
{
    // More replicas than anyone runs, and a bound on an answer.
    private const int ListedMax = 1000;

    private readonly ByteString _start = ByteString.CopyFromUtf8(prefix);

    // The prefix ends with a slash; what follows it in order is '0'.
    private readonly ByteString _end = ByteString.CopyFromUtf8(prefix[..^1] + (char)(prefix[^1] + 1));

    public Task<RangeResponse> ListAsync(CancellationToken cancellationToken) =>
        etcd.RangeAsync(new RangeRequest { Key = _start, RangeEnd = _end, Limit = ListedMax }, cancellationToken);

    /// <summary>The changes after a revision.</summary>
    public IAsyncEnumerable<WatchResponse> WatchAsync(long revision, CancellationToken cancellationToken) =>
        etcd.WatchAsync(new WatchCreateRequest { Key = _start, RangeEnd = _end, StartRevision = revision + 1 }, cancellationToken);

    public Task PutAsync(ReplicaRecord record, CancellationToken cancellationToken) =>
        etcd.TxnAsync(new TxnRequest { Success = { new RequestOp { RequestPut = new PutRequest { Key = KeyOf(record.Id), Value = record.ToBytes() } } } }, cancellationToken);

    /// <summary>Deletes the own record.</summary>
    public Task DeleteAsync(string id, CancellationToken cancellationToken) =>
        etcd.TxnAsync(new TxnRequest { Success = { DeletionOf(id) } }, cancellationToken);

    /// <summary>Deletes a record unless it was written after a revision.</summary>
    /// <returns>Whether it is deleted.</returns>
    public async Task<bool> DeleteAsync(string id, long modRevision, CancellationToken cancellationToken)
    {
        var compare = new Compare { Key = KeyOf(id), Target = Compare.Types.CompareTarget.Mod, Result = Compare.Types.CompareResult.Equal, ModRevision = modRevision };
        return (await etcd.TxnAsync(new TxnRequest { Compare = { compare }, Success = { DeletionOf(id) } }, cancellationToken)).Succeeded;
    }

    private ByteString KeyOf(string id) => ByteString.CopyFromUtf8(prefix + id);

    private RequestOp DeletionOf(string id) => new() { RequestDeleteRange = new DeleteRangeRequest { Key = KeyOf(id) } };
}
