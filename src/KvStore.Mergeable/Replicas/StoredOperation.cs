namespace KvStore.Mergeable;

/// <summary>The operations that write the entries of mergeable values.</summary>
internal static class StoredOperation
{
    /// <summary>Stores a value that was exported, where there is nothing. Its bytes are those of <see cref="MergeableValues.TryRenew"/>.</summary>
    public static Put Import(EntryDraft draft) => new(draft) { IsRewrite = true };

    /// <summary>Appends to the value of an entry.</summary>
    public static Operation Extend(Key key, Entry entry, ReadOnlyMemory<byte> suffix, ExpiryUpdate expiry) =>
        new Extend(key, entry.CreatedRevision, entry.Value.Length, suffix, expiry);

    /// <summary>Writes the whole value, in the place of an entry or of none.</summary>
    public static Put Write(Key key, Entry? entry, DecodedValue value, byte[] head, List<ReadOnlyMemory<byte>> deltas, long day, ExpiryUpdate expiry)
    {
        value.Membership.Note(value.Replica.Version, day);
        var start = StoredValue.Write(value.Creation, value.Hub, value.Membership.Epochs, value.Membership.MembersBeside(value.Replica.Self), head);
        var end = StoredValue.WriteDeltas(deltas);
        var draft = new EntryDraft(key, start.Length + end.Length, Entry.MergeableContentType, expiry.Apply(entry));
        start.CopyTo(draft.Value);
        end.CopyTo(draft.Value[start.Length..]);
        return new Put(draft) { IsRewrite = true };
    }
}
