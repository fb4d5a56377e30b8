using Google.Protobuf;
using KvStore.Etcd;
using KvStore.Etcd.Protocol;

namespace KvStore.Testing;

/// <summary>What etcd refuses before it executes anything, in its words.</summary>
internal static class EtcdRules
{
    // etcd measures what it replicates, which is the request and some bytes of its own.
    private const int OverheadBytes = 32;

    /// <summary>Checks a transaction for everything but revisions.</summary>
    public static void Check(TxnRequest request, int operationsMax, int bytesMax, bool isFull)
    {
        if (Math.Max(request.Compare.Count, Math.Max(request.Success.Count, request.Failure.Count)) > operationsMax)
            throw new EtcdException(EtcdFailure.TooLarge, "etcdserver: too many operations in txn request");
        foreach (var compare in request.Compare)
            CheckKey(compare.Key);
        foreach (var operation in request.Success.Concat(request.Failure))
            CheckKey(operation.RequestPut?.Key ?? operation.RequestRange?.Key ?? operation.RequestDeleteRange?.Key ?? ByteString.Empty);
        CheckDuplicates(request.Success);
        CheckDuplicates(request.Failure);
        if (request.CalculateSize() + OverheadBytes > bytesMax)
            throw new EtcdException(EtcdFailure.TooLarge, "etcdserver: request is too large");
        if (isFull && request.Success.Concat(request.Failure).Any(operation => operation.RequestPut is not null))
            throw new EtcdException(EtcdFailure.NoSpace, "etcdserver: mvcc: database space exceeded");
    }

    public static void CheckKey(ByteString key)
    {
        if (key.IsEmpty)
            throw new EtcdException(EtcdFailure.Refused, "etcdserver: key is not provided");
    }

    private static void CheckDuplicates(IReadOnlyCollection<RequestOp> operations)
    {
        var puts = new HashSet<ByteString>();
        foreach (var operation in operations)
        {
            if (operation.RequestPut is { } put && !puts.Add(put.Key))
                throw Duplicate();
        }

        foreach (var deletion in operations.Select(operation => operation.RequestDeleteRange).OfType<DeleteRangeRequest>())
        {
            // etcd takes the end that means all following keys for an ordinary key here, so such a deletion meets no put.
            if (deletion.RangeEnd != EtcdState.AllFromHere && puts.Any(key => EtcdState.Contains(deletion.Key, deletion.RangeEnd, key)))
                throw Duplicate();
        }
    }

    private static EtcdException Duplicate() => new(EtcdFailure.Refused, "etcdserver: duplicate key given in txn request");
}
