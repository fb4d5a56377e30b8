using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Text;

namespace KvStore.Origins;

/// <summary>
/// Which keys clients are loading, for an origin that only they can ask (cache-aside): one of them for each key, for <see cref="OriginOptions.LoadTimeout"/>. Its token says what the store had of
/// the key, so that what it loads is not stored over something newer. Thread-safe.
/// </summary>
/// <remarks>A token has nothing secret: who has one can do no more than who may write the key. Leases are of this process; two replicas may hand out one each, and the first that comes back wins.</remarks>
/// <param name="origin">The origin.</param>
/// <param name="time">The clock.</param>
internal sealed class LoadLeases(OriginState origin, TimeProvider time)
{
    private const int Numbers = 5;

    private readonly Lock _lock = new();
    private readonly HashSet<Key> _taken = [];

    // All have the same time, so they end in this order.
    private readonly Queue<(Key Key, long Until)> _order = [];

    /// <summary>Gives a key to a client.</summary>
    /// <param name="snapshot">What the client is answered from.</param>
    /// <param name="key">The key.</param>
    /// <param name="store">The id of the store.</param>
    /// <returns>The token; null if another client has the key, or too many are given away.</returns>
    public string? TryTake(Snapshot snapshot, Key key, StoreId? store)
    {
        var now = time.GetTimestamp();
        lock (_lock)
        {
            while (_order.TryPeek(out var first) && first.Until <= now)
                _taken.Remove(_order.Dequeue().Key);
            if (_taken.Count >= origin.Options.WaitersMax || !_taken.Add(key))
                return null;
            _order.Enqueue((key, now + (long)(origin.Options.LoadTimeout.TotalSeconds * time.TimestampFrequency)));
        }

        var ticket = origin.Begin(snapshot, key);
        var bytes = new byte[Numbers * sizeof(long)];
        Write(bytes, 0, ticket.SidecarRevision);
        Write(bytes, 1, ticket.EpochRevision);
        Write(bytes, 2, ticket.EntryRevision);
        Write(bytes, 3, time.GetUtcNow().ToUnixTimeMilliseconds());
        Write(bytes, 4, FingerprintOf(key, store));
        return Base64Url.EncodeToString(bytes);
    }

    /// <summary>Reads a token.</summary>
    /// <returns>What the store had of the key; null if it is no token of this key, or so old that what it relies on may have come and gone.</returns>
    public LoadTicket? TryRead(string token, Key key, StoreId? store)
    {
        Span<byte> bytes = stackalloc byte[(Numbers * sizeof(long)) + 3];
        if (Base64Url.DecodeFromChars(token, bytes, out _, out var count) != OperationStatus.Done || count != Numbers * sizeof(long) || Read(bytes, 4) != FingerprintOf(key, store))
            return null;
        var age = time.GetUtcNow().ToUnixTimeMilliseconds() - Read(bytes, 3);
        return age < 0 || age > origin.TicketAgeMax.TotalMilliseconds ? null : new LoadTicket(key, Read(bytes, 0), Read(bytes, 1), Read(bytes, 2), null, 0);
    }

    /// <summary>The transaction that stores what was loaded.</summary>
    /// <param name="transaction">A put, or a deletion if the origin has nothing.</param>
    /// <param name="ticket">What the store had of the key, and must have still.</param>
    public Transaction Store(Transaction transaction, LoadTicket ticket) => new(
        [.. transaction.Guards, .. origin.GuardsOf(ticket, keepsEntry: true)], transaction.Operations, [origin.RecordOfDelivered(ticket.Key, isPresent: transaction.Operations[0] is Put)])
    {
        Idempotency = transaction.Idempotency,
    };

    private static void Write(Span<byte> bytes, int index, long number) => BinaryPrimitives.WriteInt64LittleEndian(bytes[(index * sizeof(long))..], number);

    private static long Read(ReadOnlySpan<byte> bytes, int index) => BinaryPrimitives.ReadInt64LittleEndian(bytes[(index * sizeof(long))..]);

    // FNV-1a. It keeps a client from using a token for another key or store by mistake.
    private static long FingerprintOf(Key key, StoreId? store)
    {
        var hash = 14_695_981_039_346_656_037UL;
        foreach (var one in key.Utf8)
            hash = (hash ^ one) * 1_099_511_628_211UL;
        foreach (var one in Encoding.ASCII.GetBytes($"{store}"))
            hash = (hash ^ one) * 1_099_511_628_211UL;
        return (long)hash;
    }
}
