using Google.Protobuf;
using KvStore.Etcd.Protocol;
using KvStore.Etcd.Records;

namespace KvStore.Etcd;

/// <summary>Which store the log is that of. The first replica decides it.</summary>
internal sealed class StoreIdentity(IEtcd etcd, EtcdLayout layout, string prefix)
{
    /// <summary>
    /// How far the revisions of a store jump that gets another id, as after a restored backup: revisions above the last one may have been reported to
    /// clients, and must not mean other commits.
    /// </summary>
    public const long RestoreJump = 1L << 40;

    /// <summary>The id of the store, which is made if there is none. May be called again if it fails.</summary>
    /// <exception cref="RecordFormatException">It is the store of a version that this one does not know, or of another program.</exception>
    public async Task<StoreId> FindOrCreateAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var found = await etcd.TxnAsync(new TxnRequest { Success = { Read(layout.Store), Read(layout.Head) } }, cancellationToken).ConfigureAwait(false);
            if (found.Responses[0].ResponseRange.Kvs is [var store])
                return Check(Wire.Parse(StoreInfo.Parser, store.Value.Span));

            var head = found.Responses[1].ResponseRange.Kvs.FirstOrDefault();
            var info = new StoreInfo { Id = StoreId.Create().Value, Format = RecordFormat.Current };
            var create = new TxnRequest
            {
                Compare =
                {
                    new Compare { Target = Compare.Types.CompareTarget.Create, Key = layout.Store, CreateRevision = 0 },
                    new Compare { Target = Compare.Types.CompareTarget.Mod, Key = layout.Head, ModRevision = head?.ModRevision ?? 0 },
                },
                Success = { Put(layout.Store, info.ToByteString()) },
            };
            if (head is not null)
            {
                create.Success.Add(Put(layout.Record(new RecordId(found.Header.Revision, info.Id, 0)), RecordEnvelope.Jump));
                create.Success.Add(Put(layout.Head, ByteString.Empty));
            }

            if ((await etcd.TxnAsync(create, cancellationToken).ConfigureAwait(false)).Succeeded)
                return new StoreId(info.Id);
        }
    }

    private static RequestOp Read(ByteString key) => new() { RequestRange = new RangeRequest { Key = key } };

    private static RequestOp Put(ByteString key, ByteString value) => new() { RequestPut = new PutRequest { Key = key, Value = value } };

    private StoreId Check(StoreInfo info) => info.Format == RecordFormat.Current
        ? new StoreId(info.Id)
        : throw new RecordFormatException($"The store at {prefix} in etcd has format {info.Format}; this version knows {RecordFormat.Current}. Use the version that the other replicas have.");
}
