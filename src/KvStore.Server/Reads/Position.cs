using System.Buffers.Text;

namespace KvStore.Server;

/// <summary>
/// A revision that a client got before and comes back to: the id of an event, or a revision alone, which the client then claims to be
/// one of this store.
/// </summary>
/// <param name="Store">The store that the revision belongs to; null if the client does not say.</param>
/// <param name="Revision">The revision.</param>
internal readonly record struct Position(StoreId? Store, long Revision)
{
    private const char Separator = '.';
    private const int RevisionDigitsMax = 19;

    public static bool TryParse(ReadOnlySpan<char> text, out Position position)
    {
        position = default;
        StoreId? store = null;
        if (text.IndexOf(Separator) is >= 0 and var separator)
        {
            if (!StoreId.TryParse(text[..separator], out var id))
                return false;
            store = id;
            text = text[(separator + 1)..];
        }

        if (!WholeNumber.TryParse(text, out var revision) || revision == long.MaxValue)
            return false;
        position = new Position(store, revision);
        return true;
    }

    /// <summary>A query parameter as a position, or null if it is absent.</summary>
    public static Problem? TryGet(QueryParameters parameters, string name, out Position? position)
    {
        position = null;
        if (parameters.Text(name) is not { } text)
            return null;
        if (!TryParse(text, out var parsed))
            return Problems.MalformedRequest("Give a revision, such as that of a listing, or the id of an event.", name);
        position = parsed;
        return null;
    }

    /// <summary>What is wrong with coming back to this position; null if every later commit is still known, unless it has left the history.</summary>
    /// <param name="store">The store.</param>
    /// <param name="latest">The state that the request starts from.</param>
    /// <param name="field">The part of the request that has the position.</param>
    public Problem? Check(Store store, Snapshot latest, string field)
    {
        if (Store is { } id && id != store.Id)
            return Problems.OtherStore(store.Id ?? default, field);

        // It has existed, and the state has reached ReadRequest.KnownRevision if any replica has. Otherwise the store has lost its data since; waiting
        // would pass over what it writes meanwhile.
        var problem = Revision > latest.Revision ? Problems.Ahead(Revision, latest.Revision, store.OldestRevision)
            : store.IsLost(Revision) ? Problems.Lost(Revision, store.OldestRevision)
            : null;
        return problem is null ? null : problem with { Field = field };
    }

    /// <summary>Writes the id of an event.</summary>
    public void WriteUtf8(IBufferWriter<byte> output)
    {
        var text = output.GetSpan(StoreId.TextLength + 1 + RevisionDigitsMax);
        var length = 0;
        if (Store is { } store)
        {
            Utf8Formatter.TryFormat(store.Value, text, out length, new StandardFormat('x', StoreId.TextLength));
            text[length++] = (byte)Separator;
        }

        Utf8Formatter.TryFormat(Revision, text[length..], out var digits);
        output.Advance(length + digits);
    }
}
