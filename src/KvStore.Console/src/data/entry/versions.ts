import { KvStoreError, type KvEntry } from "kvstore-client";
import type { Version } from "./draft.js";

/** What became of an attempt to save. */
export type SaveResult = "saved" | "conflict" | "invalid";

// Larger values are fetched when they are asked for: a row that is clicked on by the way should not cost a megabyte.
export const loadedBytesMax = 256 * 1024;

/** An entry as it was read. */
export const versionOf = (entry: KvEntry): Version => ({
    bytes: entry.bytes, contentType: entry.contentType, revision: entry.revision, expiresAt: entry.expiresAt, modifiedAt: entry.modifiedAt, storeId: entry.storeId,
});

/** Whether a write was refused because the entry is not what it was taken for. */
export const isConflict = (error: unknown): error is KvStoreError => error instanceof KvStoreError && (error.is("precondition-failed") || error.is("other-store"));
