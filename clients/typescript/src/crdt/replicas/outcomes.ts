/** What became of a change that a replica was asked for. Only `applied` changed it. */
export type IntentOutcome =
    | "applied"

    /** There was nothing to change. */
    | "unchanged"

    /** The type does not have this change, such as a removal from a set that only grows. */
    | "unsupported"

    /** A number would leave 64 bits. */
    | "overflow"

    /** A position is outside of the text. */
    | "out-of-range"

    /** A text is not valid Unicode: it has half of a surrogate pair. */
    | "invalid-text";

/** What became of a delta. Only `merged` changed the replica. */
export type MergeOutcome =
    | "merged"

    /** The replica had all of it, as after a duplicate. */
    | "unchanged"

    /** The bytes are no delta. */
    | "malformed"

    /** It belongs to a value of another type. */
    | "other-type"

    /** It belongs to a value that was created separately, also if under the same key. Merging it would double what both contain. */
    | "other-lineage"

    /** Changes between the replica and the delta are missing: ask for the delta since the replica's version. */
    | "gap"

    /** Two histories use one replica id. The one that is not the hub's takes a new id. */
    | "forked"

    /** It is older than what was collected, or of a replica that was dropped: fetch the state, and repeat under a new id what was not sent. */
    | "collected"

    /** As `collected`, but this replica is the one that is too old. */
    | "outdated";
