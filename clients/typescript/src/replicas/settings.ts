import type { ReplicaLocks } from "../storage/locks.js";
import type { ReplicaStorage } from "../storage/storage.js";

/**
 * How a replica is with the service. `offline`: it cannot be reached; it is tried again. `syncing`: they are being brought together. `synced`: both have
 * the same, and changes of others arrive as they are made. `conflict`: the value was deleted and made again. `deleted`: it was deleted. `failed`: the
 * service refuses; `error` says why. The last three stay until `startOver` or `retry` is called.
 */
export type ReplicaState = "offline" | "syncing" | "synced" | "conflict" | "deleted" | "failed" | "closed";

/** What a replica tells its listeners. */
export type ReplicaEvent =
    /** The value has changed: here, or by what came from others. */
    | { readonly type: "change"; readonly isLocal: boolean }

    /** The state has changed, or whether there are unsent changes. */
    | { readonly type: "state"; readonly state: ReplicaState; readonly hasUnsent: boolean; readonly error: unknown };

/** Settings of a replica. All times are in milliseconds. */
export interface MergeableReplicaOptions {
    /** Where the replica is kept; by default IndexedDB where pages can lock what they share (https or localhost), else memory. */
    readonly storage?: ReplicaStorage;

    /** The locks that all users of the storage have in common; by default those of the browser. */
    readonly locks?: ReplicaLocks;

    /** The first delay after a failure; it doubles with each further one, and up to half of it is random. Default 500 ms. */
    readonly retryDelayMs?: number;

    /** The longest delay after failures. Default 30 s. */
    readonly retryDelayMaxMs?: number;

    /** How often the service is notified of what has arrived here, so that it can collect garbage, and what closed pages left unsent is looked for. Default 30 s. */
    readonly upkeepIntervalMs?: number;

    /** The largest state; while it is larger, changes throw a RangeError. Default 1 MiB, which is the service's limit of a value. */
    readonly bytesMax?: number;
}
