import { KvStoreError, type KvStoreClient, type Operation, type PutOperation } from "kvstore-client";
import { signal } from "@preact/signals";
import { rawMember } from "../values/json.js";
import { secondsLeft } from "./serverClock.js";

/** Something that was deleted here, and can be restored while the history of the store has it. */
export interface Deletion {
    /** A key, or a prefix. */
    readonly name: string;
    readonly isPrefix: boolean;
    readonly entries: number;
    readonly revision: number;
    readonly storeId: string | undefined;
    readonly at: Date;
}

/** What a restoration has done. */
export interface Restored {
    readonly restored: number;

    /** Keys that have an entry again, which stays as it is. */
    readonly skipped: number;
}

// The list is in the memory of the page.
const deletionsMax = 50;

// What the service takes in one transaction, with room for names and escapes.
const batchOperationsMax = 100;
const batchCharactersMax = 1024 * 1024;

/** What was deleted in this tab, the latest first. */
export const deletions = signal<readonly Deletion[]>([]);

/** Deletes an entry if it is still the one that was seen. Returns undefined if there is none any more. */
export async function deleteEntry(client: KvStoreClient, entry: { readonly key: string; readonly revision: number; readonly storeId: string | undefined }): Promise<Deletion | undefined> {
    const { key, revision: ifRevision, storeId } = entry;
    const revision = await client.delete(key, { ifRevision, storeId });
    return revision === undefined ? undefined : noted({ name: key, isPrefix: false, entries: 1, revision, storeId, at: new Date() });
}

/** Deletes everything below a prefix at one revision. */
export async function deletePrefix(client: KvStoreClient, prefix: string, storeId: string | undefined): Promise<Deletion | undefined> {
    const { revision, deleted } = await client.deletePrefix(prefix, { storeId });
    return deleted === 0 ? undefined : noted({ name: prefix, isPrefix: true, entries: deleted, revision, storeId, at: new Date() });
}

function noted(deletion: Deletion): Deletion {
    deletions.value = [deletion, ...deletions.peek()].slice(0, deletionsMax);
    return deletion;
}

/**
 * Restores what was deleted, as it was before: values to the byte, media types, and expiries as far as they are not over. A key that has an entry again
 * keeps that one. Throws a `revision-gone` if the history of the store does not have it any more.
 */
export async function restore(client: KvStoreClient, deletion: Deletion, signal?: AbortSignal): Promise<Restored> {
    const state = { revision: deletion.revision - 1, storeId: deletion.storeId, signal };
    const result = deletion.isPrefix ? await restorePrefix(client, deletion, state) : await restoreEntry(client, deletion, state);
    deletions.value = deletions.peek().filter(other => other !== deletion);
    return result;
}

type State = { readonly revision: number; readonly storeId: string | undefined; readonly signal: AbortSignal | undefined };

async function restoreEntry(client: KvStoreClient, { name, storeId }: Deletion, state: State): Promise<Restored> {
    const entry = await client.get(name, state);
    if (entry === undefined)
        return { restored: 0, skipped: 0 };
    try {
        const ttlSeconds = entry.expiresAt && secondsLeft(entry.expiresAt);
        await client.put(name, entry.bytes, { ifAbsent: true, storeId, contentType: entry.contentType, ttlSeconds });
        return { restored: 1, skipped: 0 };
    } catch (error) {
        if (error instanceof KvStoreError && error.is("precondition-failed"))
            return { restored: 0, skipped: 1 };
        throw error;
    }
}

async function restorePrefix(client: KvStoreClient, { name, storeId }: Deletion, state: State): Promise<Restored> {
    let [restored, skipped] = [0, 0];
    let batch: PutOperation[] = [];
    let characters = 0;
    const flush = async (): Promise<void> => {
        const stored = await putAbsent(client, batch, storeId);
        [restored, skipped] = [restored + stored, skipped + batch.length - stored];
        [batch, characters] = [[], 0];
    };
    for await (const line of linesOf(await client.export({ prefix: name, ...state }))) {
        if (batch.length === batchOperationsMax || characters + line.length > batchCharactersMax)
            await flush();
        batch.push(operationOf(line));
        characters += line.length;
    }

    await flush();
    return { restored, skipped };
}

/** Stores the entries that are still absent, all at one revision. Returns how many. */
async function putAbsent(client: KvStoreClient, puts: readonly PutOperation[], storeId: string | undefined): Promise<number> {
    let left = puts;
    while (left.length > 0) {
        try {
            await client.transact<readonly Operation[]>({ guards: left.map(({ put }) => ({ key: put.key, exists: false })), operations: left }, { storeId });
            return left.length;
        } catch (error) {
            if (!(error instanceof KvStoreError) || error.failedGuards.length === 0)
                throw error;
            const present = new Set(error.failedGuards.map(({ key }) => key));
            left = left.filter(({ put }) => !present.has(put.key));
        }
    }

    return 0;
}

/** The operation that stores a line of an export. JSON is taken as it is written: parsed and written anew it could be another text, or another number. */
function operationOf(line: string): PutOperation {
    const { key, content_type: contentType, expires_at: expiry, text, base64 } = JSON.parse(line) as { key: string; content_type: string; expires_at?: string; text?: string; base64?: string };
    const about = { key, contentType, ttlSeconds: expiry === undefined ? undefined : secondsLeft(new Date(expiry)) };
    return { put: base64 === undefined ? { ...about, text: text ?? rawMember(line, "json")! } : { ...about, bytes: Uint8Array.from(atob(base64), character => character.charCodeAt(0)) } };
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
    const reader = stream.getReader();
    const decoder = new TextDecoder();
    let rest = "";
    try {
        for (let part = await reader.read(); !part.done; part = await reader.read()) {
            const lines = (rest + decoder.decode(part.value, { stream: true })).split("\n");
            rest = lines.pop()!;
            yield* lines;
        }
    } finally {
        await reader.cancel().catch(() => undefined);
    }

    if (rest !== "")
        yield rest;
}
