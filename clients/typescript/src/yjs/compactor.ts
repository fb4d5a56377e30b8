import { toBase64 } from "../crdt/deltas/base64.js";
import { KvStoreError } from "../http/errors.js";
import type { Sender } from "../http/sender.js";
import type { DocumentKeys } from "./keys.js";
import { post, valueOf, type Item } from "./items.js";
import { compacted, joined, split } from "./updates.js";

// A transaction takes 100 operations and 8 MiB, and an answer has 4 MiB. A few operations write parts.
const updatesMax = 90;
const bytesMax = 1024 * 1024;

export const updateType = "application/x.yjs-update";

/**
 * Keeps the number of stored updates small: it merges them into the last part of the snapshot, which becomes several when it grows too
 * large. Any client may do this at any time. A transaction changes nothing unless the last part is the one that was read, and there is none
 * after it, so of several clients at once one succeeds. It deletes only updates whose content it stores.
 */
export class Compactor {
    readonly #updates = new Map<string, number>();
    readonly #parts = new Set<number>();

    constructor(readonly sender: Sender, readonly keys: DocumentKeys, readonly gc: boolean, readonly partBytesMax: number) {
    }

    get updates(): number {
        return this.#updates.size;
    }

    clear(): void {
        this.#updates.clear();
        this.#parts.clear();
    }

    added({ key, size }: Item): void {
        const part = this.keys.partNumber(key);
        if (part !== undefined)
            this.#parts.add(part);
        else
            this.#updates.set(key, size);
    }

    removed(key: string): void {
        this.#updates.delete(key);
    }

    /** Whether this client merged something. Throws if an update cannot be read: then all of them stay. */
    async compact(signal: AbortSignal): Promise<boolean> {
        const last = Math.max(0, ...this.#parts);
        const keys = [this.keys.part(last), ...this.#oldestUpdates()];
        const { items } = await post<{ items: Item[] }>(this.sender, "/v1/batch/get", { keys }, { signal, idempotencyKey: "none" });
        const part = items.find(item => item.key === keys[0]);
        const updates = items.filter(item => item !== part);
        if (updates.length === 0)
            return false;

        const puts = this.#puts(last, compacted(items.map(valueOf), this.gc));
        const guards = [{ key: keys[0], revision: part?.revision ?? 0 }, { key: this.keys.part(last + 1), revision: 0 }];
        const operations = [...puts, ...updates.map(({ key }) => ({ delete: { key } }))];
        await post(this.sender, "/v1/txn", { guards, operations }, { signal });
        return true;
    }

    /** Stores the first part of a snapshot, unless there is one or an update. Returns whether it did. */
    async putFirst(update: Uint8Array, signal: AbortSignal): Promise<boolean> {
        if (this.#updates.size > 0 || this.#parts.size > 0)
            return false;
        const operations = this.#puts(0, update);
        const guards = operations.map(({ put }) => ({ key: put.key, revision: 0 }));
        try {
            await post(this.sender, "/v1/txn", { guards, operations }, { signal });
            return true;
        } catch (error) {
            if (error instanceof KvStoreError && error.status === 412)
                return false;
            throw error;
        }
    }

    #oldestUpdates(): string[] {
        const oldest: string[] = [];
        let bytes = 0;
        for (const key of [...this.#updates.keys()].sort().slice(0, updatesMax)) {
            bytes += this.#updates.get(key)!;
            if (oldest.length > 0 && bytes > bytesMax)
                break;
            oldest.push(key);
        }
        return oldest;
    }

    #puts(first: number, update: Uint8Array) {
        return joined(split(update, this.partBytesMax), this.partBytesMax)
            .map((piece, i) => ({ put: { key: this.keys.part(first + i), base64: toBase64(piece), content_type: updateType } }));
    }
}
