namespace KvStore.Server;

/// <summary>The problems of mergeable values. docs/http-api.md explains them with the others.</summary>
internal static class MergeableProblems
{
    /// <summary>An ordinary write of a key that has a mergeable value.</summary>
    public static Problem IsMergeable() =>
        new(StatusCodes.Status409Conflict, "mergeable-value", "The entry is a mergeable value",
            "The key has a mergeable value, which changes at /v1/crdt/KEY only. Nothing was changed. Delete the entry first to store another one.");

    /// <summary>An ordinary write with the media type of mergeable values.</summary>
    public static Problem NotWrittenAsEntry(string field) =>
        Problems.UnsupportedMediaType($"Values of the type {Entry.MergeableContentType} are not stored as they are. Make one by POST /v1/crdt/KEY?type=..., or import the line of an export.", field);

    public static Problem NotMergeable() =>
        new(StatusCodes.Status409Conflict, "not-mergeable", "The entry is not a mergeable value",
            "The key has an ordinary entry. Nothing was changed. Read it at /v1/kv/KEY, and delete it first to make a mergeable value.");

    public static Problem OfOrigin() => NotMergeable() with
    {
        Detail = "The key is below the prefix of an origin, whose entries are no mergeable values. Nothing was changed. Choose a key elsewhere.",
    };

    public static Problem Absent(long revision) =>
        Problems.NotFound($"The key has no entry at revision {revision}. To make a mergeable value, give its type, such as type=text.");

    public static Problem OtherType() =>
        new(StatusCodes.Status409Conflict, "other-type", "The value has another type",
            "The mergeable value of the key is of another type than the parameter type, or than the delta. Nothing was changed. Use another key, or delete the value first.");

    public static Problem OtherLineage() =>
        new(StatusCodes.Status409Conflict, "other-lineage", "The value was created anew",
            "The delta belongs to a value that was created separately: the key was deleted and made again, or two clients have each created it. They cannot be merged. Nothing was changed. Read the full state, and let a person or the application decide what to do with the other value.");

    /// <param name="version">What the value includes.</param>
    public static Problem Gap(string? version) =>
        new(StatusCodes.Status409Conflict, "replica-gap", "Changes are missing between the value and the request",
            "The value does not include what precedes the delta, or the version that the request refers to. Nothing was changed. Send the delta since the member version, or the full state.")
        { Version = version };

    public static Problem Forked() =>
        new(StatusCodes.Status409Conflict, "replica-forked", "Two histories have the same replica id",
            "The value has other changes under this replica id, because two clients use it, or one has lost what it had done. Nothing was changed. Read the full state, and repeat under a new id what was not sent.");

    public static Problem Overflow() => Problems.Overflow() with
    {
        Detail = $"The number would not fit into 64 bits: {long.MinValue} to {long.MaxValue}. Nothing was changed. Add less.",
    };

    public static Problem Collected() =>
        new(StatusCodes.Status410Gone, "replica-retired", "What the request refers to was collected",
            "The replica was silent for longer than KvStore:CrdtReplicaRetention, or the version is from before a collection. Nothing was changed. Read the full state, take a new replica id, and repeat under it what was not sent.");

    public static Problem UnsupportedIntent() =>
        new(StatusCodes.Status422UnprocessableEntity, "unsupported-intent", "The type of the value does not have this change",
            "Counters take increment, of a g-counter at least 0; sets take add, and an or-set remove; text takes edits. Nothing was changed.");

    public static Problem OutOfRange() =>
        new(StatusCodes.Status422UnprocessableEntity, "out-of-range", "A position is outside of the text",
            "An edit is at a position, or deletes characters, beyond the end. Positions count Unicode scalars, in the text as the edits before left it, from the version in base if it is given. Nothing was changed. Read the text, and send base with the edits.");
}
