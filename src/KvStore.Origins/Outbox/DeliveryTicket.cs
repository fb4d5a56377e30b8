using System.Globalization;
using System.Security.Cryptography;

namespace KvStore.Origins;

/// <summary>One delivery: what the origin gets, and what the store commits when it has it.</summary>
/// <remarks>
/// The mark goes only if it is the one that was delivered, so a write that came meanwhile stays dirty and is delivered next. That the key is as the origin has it is recorded
/// only if nothing of it was invalidated meanwhile: otherwise someone else may have written to the origin after the call, and the key is loaded again.
/// </remarks>
/// <param name="Write">What the origin gets.</param>
/// <param name="Before">What the store had of the key at its origin when the delivery began.</param>
internal sealed record DeliveryTicket(OriginWrite Write, LoadTicket Before)
{
    private Key Mark => OutboxMarks.MarkOf(Write.Key);

    private Guard IsSame => Guard.RevisionIn(Mark, Write.Revision);

    /// <summary>Begins a delivery. The entry and the mark are those of one state, so what is delivered belongs to the revision that is the fence.</summary>
    /// <returns>Null if the key has nothing to deliver: it is not dirty, or is parked.</returns>
    public static DeliveryTicket? Begin(OriginState state, StoreId store, Snapshot snapshot, Key key)
    {
        if (OutboxMarks.Find(snapshot, key) is not { } record || OutboxMark.Read(record).IsParked)
            return null;
        var entry = snapshot.Find(key);
        return new DeliveryTicket(
            new OriginWrite(key, entry?.Value, entry?.ContentType ?? "", record.Revision, IdempotencyKeyOf(store, key, record.Revision)),
            state.Begin(snapshot, key));
    }

    /// <summary>What is committed when the origin has it and nothing else happened.</summary>
    public Transaction Delivered(OriginState state) => new(
        [IsSame, .. state.GuardsOf(Before, keepsEntry: false)], [], [new Delete(Mark), state.RecordOfDelivered(Write.Key, Write.Value is not null)]);

    /// <summary>What is committed when the origin has it, and the key was invalidated meanwhile.</summary>
    public Transaction DeliveredThenInvalid(OriginState state) => new([IsSame], [], [new Delete(Mark), state.RecordOfInvalid(Write.Key)]);

    /// <summary>What is committed when the origin has it, and there is no room for a record.</summary>
    public Transaction DeliveredAlone() => new([IsSame], [], [new Delete(Mark)]);

    /// <summary>What is committed when the origin will not have it.</summary>
    public Transaction Parked(OutboxMark mark, string reason) => new([IsSame], [], [OutboxMarks.Put(Write.Key, mark with { IsParked = true, Reason = reason })]);

    // A transaction of several keys has one revision. The key itself may be long, and is nothing for a header.
    private static string IdempotencyKeyOf(StoreId store, Key key, long revision) =>
        string.Create(CultureInfo.InvariantCulture, $"{store}-{revision}-{Convert.ToHexStringLower(SHA256.HashData(key.Utf8).AsSpan(0, 8))}");
}
