namespace KvStore.Mergeable;

/// <summary>Reads entries: from the decoded value if it is at the entry, else from the entry's bytes. Thread-safe.</summary>
internal sealed class ValueReader(Store store, ValueCache cache, DecodingGate gate)
{
    public async ValueTask<MergeableRead?> ReadAsync(Entry entry, VersionVector? since, MergeableForm form, CancellationToken cancellationToken)
    {
        if (TryReadKept(entry, since, form, out var read))
            return read;
        using var slot = await gate.EnterAsync(cancellationToken).ConfigureAwait(false);

        // Another reader may have decoded it meanwhile.
        if (TryReadKept(entry, since, form, out read))
            return read;
        var state = store.Latest;
        var key = Key.FromStored(entry.KeyUtf8.ToArray());
        var value = DecodedValue.Decode(key, entry, store.Id ?? default, state.Revision);
        read = Reading.Read(value, since, form);
        if (state.Find(key) == entry)
            cache.KeepLater(value);
        return read;
    }

    private bool TryReadKept(Entry entry, VersionVector? since, MergeableForm form, out MergeableRead? read)
    {
        read = null;
        if (cache.Find(entry.Key) is not { } value)
            return false;
        lock (value.Lock)
        {
            if (value.IsTaken || !value.TryFollow(entry))
                return false;
            read = Reading.Read(value, since, form);
            return true;
        }
    }
}
