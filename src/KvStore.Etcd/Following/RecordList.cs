using System.Runtime.CompilerServices;
using Google.Protobuf;
using KvStore.Etcd.Protocol;
using KvStore.Etcd.Records;

namespace KvStore.Etcd;

/// <summary>Reads the log from its keys, for a start and where a watch has a gap. Thread-safe.</summary>
internal sealed class RecordList(IEtcd etcd, EtcdLayout layout)
{
    // A page of small records must not take a round trip for each few of them, and one of large records must arrive before a call ends.
    private const int PageBytes = 4 << 20;
    private const int KeysPerPageMin = 4;
    private const int KeysPerPageMax = 1000;

    /// <summary>How far the log reaches, and the manifest at the same revision of etcd.</summary>
    public async Task<LogHead> ReadHeadAsync(CancellationToken cancellationToken)
    {
        var found = await etcd.TxnAsync(new TxnRequest { Success = { Read(layout.Head), Read(layout.Manifest) } }, cancellationToken).ConfigureAwait(false);
        var head = found.Responses[0].ResponseRange.Kvs.FirstOrDefault();
        var manifest = found.Responses[1].ResponseRange.Kvs.FirstOrDefault();
        return new LogHead(
            found.Header.Revision,
            head?.Version ?? 0,
            manifest is null ? new KnownManifest(0, new Manifest()) : KnownManifest.Of(manifest));
    }

    /// <summary>
    /// The records with revisions above one and up to another, and all parts, in the order of their revisions, as far as they have not been deleted.
    /// </summary>
    /// <remarks>
    /// Keys are in the order of their hints, and a record is newer than its hint. So what was read and is not newer than the hint of a key
    /// comes before everything from that key on. Only what was written at about the same time is held back.
    /// </remarks>
    public async IAsyncEnumerable<KeyValue> ReadAsync(long above, long upTo, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var held = new PriorityQueue<KeyValue, long>();
        var next = layout.Records;
        var limit = (long)KeysPerPageMin;
        while (true)
        {
            var page = await etcd.RangeAsync(new RangeRequest { Key = next, RangeEnd = layout.LogEnd, Limit = limit, Revision = upTo }, cancellationToken).ConfigureAwait(false);
            foreach (var found in page.Kvs)
            {
                var key = layout.Parse(found.Key);
                while (held.TryPeek(out var oldest, out var revision) && revision <= key.Id.Hint)
                {
                    held.Dequeue();
                    yield return oldest;
                }

                // A part may be older than what is applied, and its record newer.
                if (found.ModRevision > above || key.Kind == LogKeyKind.Part)
                    held.Enqueue(found, found.ModRevision);
            }

            if (!page.More || page.Kvs.Count == 0)
                break;

            // By the sizes of those before, because neighbors are much alike.
            limit = Math.Clamp(PageBytes * (long)page.Kvs.Count / page.CalculateSize(), KeysPerPageMin, KeysPerPageMax);

            // The least key that is greater than the last one.
            next = ByteString.CopyFrom([.. page.Kvs[^1].Key.Span, 0]);
        }

        while (held.TryDequeue(out var oldest, out _))
            yield return oldest;
    }

    private static RequestOp Read(ByteString key) => new() { RequestRange = new RangeRequest { Key = key } };
}

/// <summary>How far the log reaches.</summary>
/// <param name="Revision">The revision of etcd that this is as of.</param>
/// <param name="Count">The number of records ever written.</param>
/// <param name="Manifest">The manifest.</param>
internal readonly record struct LogHead(long Revision, long Count, KnownManifest Manifest);
