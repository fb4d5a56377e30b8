import { toBase64 } from "../crdt/deltas/base64.js";
import type { Sender } from "../http/sender.js";
import { revisionOf, storeIdOf, toEntry, type Item, type KvEntry } from "./entry.js";
import { writeOf, type UnconditionalWriteOptions } from "./options.js";
import { jsonIn, type KvValue } from "./writes.js";

/** What must be true: the entry was last written at this revision (0: there is none), or exists, or does not. */
export type Guard = { readonly key: string; readonly revision: number } | { readonly key: string; readonly exists: boolean };

/** Stores a value. */
export interface PutOperation {
    readonly put: { readonly key: string; readonly contentType?: string | undefined; readonly ttlSeconds?: number | undefined } & KvValue;
}

/** Deletes an entry if there is one. */
export interface DeleteOperation {
    readonly delete: { readonly key: string };
}

/** Reads an entry as of before the transaction. */
export interface GetOperation {
    readonly get: { readonly key: string };
}

/** Renames an entry, and replaces the one that is there. Fails like a guard if there is nothing to rename. */
export interface MoveOperation {
    readonly move: { readonly from: string; readonly to: string };
}

/** A step of a transaction. */
export type Operation = PutOperation | DeleteOperation | GetOperation | MoveOperation;

/** What an operation has done: of a `get` the entry, if there was one. */
export type ResultOf<O extends Operation> =
    O extends PutOperation ? { readonly key: string; readonly revision: number; readonly created: boolean }
    : O extends DeleteOperation ? { readonly key: string; readonly deleted: boolean }
    : O extends GetOperation ? KvEntry | undefined
    : { readonly from: string; readonly to: string; readonly revision: number };

/** Operations that are applied at one revision, or none of them. At most 100, and 100 guards; each key is written once. */
export interface Transaction<O extends readonly Operation[] = readonly Operation[]> {
    readonly guards?: readonly Guard[];
    readonly operations: O;
}

/** What a transaction has done. */
export interface TransactionResult<O extends readonly Operation[] = readonly Operation[]> {
    readonly revision: number;
    readonly storeId: string | undefined;

    /** The results in the order of the operations. */
    readonly results: { readonly [I in keyof O]: ResultOf<O[I]> };
}

export async function transact<const O extends readonly Operation[]>(sender: Sender, { guards = [], operations }: Transaction<O>, options: UnconditionalWriteOptions): Promise<TransactionResult<O>> {
    const answer = await sender.send({
        method: "POST", target: "/v1/txn", body: JSON.stringify({ guards, operations: operations.map(toWire) }), ...writeOf(options, { "Content-Type": "application/json" }),
    });
    const { results } = jsonIn<{ results: readonly Record<string, unknown>[] }>(answer);
    return {
        revision: revisionOf(answer.headers), storeId: storeIdOf(answer.headers),
        results: results.map(result => "get" in result ? result["get"] === null ? undefined : toEntry(result["get"] as Item, answer.headers) : Object.values(result)[0]) as TransactionResult<O>["results"],
    };
}

function toWire(operation: Operation): unknown {
    if (!("put" in operation))
        return operation;
    const { key, contentType, ttlSeconds, ...value } = operation.put;
    if ("json" in value && value.json === undefined)
        throw new TypeError("There is no JSON for undefined.");
    return { put: { key, content_type: contentType, ttl: ttlSeconds, ...("bytes" in value ? { base64: toBase64(value.bytes) } : value) } };
}
