namespace KvStore.Origins;

/// <summary>
/// The transactions of a write that goes through to the origin: a mark before the call, and what removes it after. Keeps nothing itself. Thread-safe.
/// </summary>
/// <remarks>
/// The mark commits only if the key and its origin are as the ticket has them, so a second writer fails while the first has its mark, and nothing that was decided by the ticket
/// is outdated. It keeps loads from being stored, and readers from what is stored. If the process ends, it is still there: then the key is loaded again. An invalidation leaves it
/// alone, and is found out by the guards of the last commit.
/// </remarks>
/// <param name="origin">The origin.</param>
/// <param name="time">The clock.</param>
internal sealed class WriteCommits(OriginState origin, TimeProvider time)
{
    /// <summary>Marks a key, before the origin is called.</summary>
    /// <param name="latest">The state that the ticket is of.</param>
    /// <param name="ticket">What the key and its origin have to be.</param>
    /// <param name="transaction">The write: its guards have to pass, and it must not have been committed before.</param>
    public Transaction Mark(Snapshot latest, LoadTicket ticket, Transaction transaction)
    {
        ImmutableArray<Guard> replay = transaction.Idempotency is { } idempotency ? [Guard.Absent(idempotency.RecordKey)] : [];
        return new Transaction(
            [.. transaction.Guards, .. origin.GuardsOf(ticket, keepsEntry: false), WriteMarks.GuardOf(ticket.Key, ticket.MarkRevision), .. replay], [],
            [new Put(WriteMarks.MarkOf(ticket.Key), default, "", ExpiryOf(latest, ticket.Key))]);
    }

    /// <summary>Stores what the origin has got.</summary>
    /// <param name="ticket">The ticket of the mark.</param>
    /// <param name="mark">The revision of the mark.</param>
    /// <param name="write">The put or the deletion.</param>
    /// <param name="idempotency">Of the client's transaction.</param>
    /// <param name="isFresh">
    /// Whether the key is fresh from now on, which takes that nothing was invalidated since the mark. If something was, it is unknown whether that was before the origin got the
    /// write or after: the key has to be loaded.
    /// </param>
    public Transaction Store(LoadTicket ticket, long mark, Operation write, Idempotency? idempotency, bool isFresh)
    {
        ImmutableArray<Guard> unchanged = isFresh ? origin.GuardsOf(ticket, keepsEntry: false) : [];
        var sidecar = isFresh ? origin.RecordOfDelivered(ticket.Key, isPresent: write is Put) : origin.RecordOfInvalid(ticket.Key);
        return new Transaction([WriteMarks.GuardOf(ticket.Key, mark), .. unchanged], [write], [sidecar, Unmark(ticket.Key)]) { Idempotency = idempotency };
    }

    /// <summary>Removes the mark of a write that the origin has not got: all is as it was.</summary>
    public static Transaction Undo(Key key, long mark) => new([WriteMarks.GuardOf(key, mark)], [], [Unmark(key)]);

    /// <summary>Removes the mark of a write that the origin has got, and that cannot be stored: the key has to be loaded.</summary>
    public Transaction Abandon(Key key, long mark) => new([WriteMarks.GuardOf(key, mark)], [new Delete(key)], [origin.RecordOfInvalid(key), Unmark(key)]);

    private static Delete Unmark(Key key) => new(WriteMarks.MarkOf(key));

    // Not before what is known of the key, which would count again without the mark.
    private DateTimeOffset ExpiryOf(Snapshot latest, Key key)
    {
        var (shortest, known) = (time.GetUtcNow() + origin.LifetimeMin, origin.ExpiryOf(latest, key));
        return known > shortest ? known : shortest;
    }
}
