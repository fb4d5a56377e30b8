using KvStore.Mergeable;

namespace KvStore.Server;

/// <summary>What an import does about mergeable values: it stores those of an export where there is nothing, and replaces none.</summary>
internal static class MergeableImport
{
    /// <summary>Why an entry is not stored, or null. What is written later ends the import; a repeated one then finds it here.</summary>
    public static Problem? FindRejection(EntryDraft draft, Store store, ServedOrigins? origins)
    {
        var found = store.Latest.Find(draft.Key);
        if (!draft.IsMergeable)
            return found is { IsMergeable: true } ? MergeableProblems.IsMergeable() : null;
        if (origins?.Find(draft.Key) is not null)
            return MergeableProblems.OfOrigin();
        if (found is not null && !IsStored(draft, store))
            return found is { IsMergeable: true } ? MergeableProblems.IsMergeable() : MergeableProblems.NotMergeable();
        if (MergeableValues.TryRenew(draft.Value.Span) is not { } renewed)
            return Problems.MalformedRequest($"The value is none of the type {Entry.MergeableContentType}. Import it as it was exported.", "base64");
        renewed.CopyTo(draft.Value.Span);
        return null;
    }

    /// <summary>Whether the store has a mergeable value already, as it has when an import is repeated.</summary>
    public static bool IsStored(EntryDraft draft, Store store) =>
        draft.IsMergeable && store.Latest.Find(draft.Key) is { IsMergeable: true } found && StoredValue.IsSameState(found.Value.Span, draft.Value.Span);
}
