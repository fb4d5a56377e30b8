using System.Collections.Immutable;
using Google.Protobuf;
using KvStore.Etcd.Protocol;

namespace KvStore.Testing;

/// <summary>All keys of etcd at one revision, and the events that led to it. Immutable.</summary>
/// <param name="Revision">The revision.</param>
/// <param name="Keys">The keys in byte order.</param>
/// <param name="Events">What the transaction of this revision changed, in its order.</param>
internal sealed record EtcdState(long Revision, ImmutableList<KeyValue> Keys, ImmutableArray<Event> Events)
{
    /// <summary>The end of a range that has none.</summary>
    public static readonly ByteString AllFromHere = ByteString.CopyFrom(0);

    /// <summary>A new cluster: its first write is revision 2.</summary>
    public static EtcdState Initial { get; } = new(1, [], []);

    public KeyValue? Find(ByteString key) => Keys.BinarySearch(new KeyValue { Key = key }, ByKey.Instance) is >= 0 and var index ? Keys[index] : null;

    /// <summary>The half-open range of indexes of the keys that a request means.</summary>
    public (int From, int To) Locate(ByteString key, ByteString rangeEnd)
    {
        var from = LowerBound(key);
        var to = rangeEnd.IsEmpty ? from + (Find(key) is null ? 0 : 1) : rangeEnd == AllFromHere ? Keys.Count : LowerBound(rangeEnd);
        return (from, Math.Max(from, to));
    }

    public RangeResponse Range(RangeRequest request)
    {
        var (from, to) = Locate(request.Key, request.RangeEnd);
        var response = new RangeResponse { Header = new ResponseHeader { Revision = Revision }, Count = to - from };
        if (request.CountOnly)
            return response;
        for (var i = from; i < to && !response.More; i++)
        {
            if (Keys[i].ModRevision < request.MinModRevision)
                continue;
            response.More = request.Limit > 0 && response.Kvs.Count == request.Limit;
            if (!response.More)
                response.Kvs.Add(Copy(Keys[i], request.KeysOnly));
        }

        return response;
    }

    public static bool Contains(ByteString key, ByteString rangeEnd, ByteString candidate) => rangeEnd.IsEmpty
        ? candidate == key
        : Compare(candidate, key) >= 0 && (rangeEnd == AllFromHere || Compare(candidate, rangeEnd) < 0);

    private static int Compare(ByteString left, ByteString right) => left.Span.SequenceCompareTo(right.Span);

    private static KeyValue Copy(KeyValue entry, bool keysOnly)
    {
        var copy = entry.Clone();
        if (keysOnly)
            copy.Value = ByteString.Empty;
        return copy;
    }

    private int LowerBound(ByteString key)
    {
        var index = Keys.BinarySearch(new KeyValue { Key = key }, ByKey.Instance);
        return index >= 0 ? index : ~index;
    }

    private sealed class ByKey : IComparer<KeyValue>
    {
        public static readonly ByKey Instance = new();

        public int Compare(KeyValue? x, KeyValue? y) => EtcdState.Compare(x!.Key, y!.Key);
    }
}
