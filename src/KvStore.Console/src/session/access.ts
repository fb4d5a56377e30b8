/** What the service says to the console, at `/ui/session`: of itself, and of the key that asks. */
export interface Access {
    readonly version: string;

    /** Whether the service has keys. */
    readonly has_keys: boolean;

    /** Whether the operator wants the console to change nothing. */
    readonly read_only: boolean;

    /** The name of the key; `anyone` where there are no keys. */
    readonly name: string;
    readonly rights: readonly Right[];

    /** What the keys of entries must begin with; empty for all. */
    readonly prefixes: readonly string[];
    readonly key_bytes_max: number;
    readonly value_bytes_max: number;
    readonly page_entries_max: number;
}

export type Right = "read" | "write" | "delete" | "admin";
