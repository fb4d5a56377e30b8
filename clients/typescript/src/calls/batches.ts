import { KvStoreError } from "../http/errors.js";
import { readLines } from "../http/chunks.js";
import { toProblem, type Problem } from "../http/problems.js";
import type { Call, Sender } from "../http/sender.js";
import type { Item, KvEntry } from "./entry.js";
import { whole } from "./lists.js";
import { callOf, queryOf, stateOf, type ReadOptions } from "./options.js";
import { jsonIn } from "./writes.js";

/** Settings of a read of many keys. */
export interface BatchOptions extends ReadOptions {
    /** Keys of origins that are absent or stale are loaded, and the answer waits for that, at most so long. By default nothing is loaded. */
    readonly waitSeconds?: number | undefined;
}

/** A key that could not be loaded from its origin. */
export interface LoadFailure {
    readonly key: string;
    readonly problem: Problem;
}

/** The keys of a batch that have no entry in it. */
export interface BatchRest {
    /** Those that have no entry. */
    readonly missing: readonly string[];

    /** Those that are still being loaded from an origin. */
    readonly pending: readonly string[];

    /** Those that an origin did not give. */
    readonly errors: readonly LoadFailure[];
}

/** Many entries of one state. */
export interface BatchResult extends BatchRest {
    /** The entries by key. */
    readonly entries: ReadonlyMap<string, KvEntry>;

    /** The revision of the state that was read. */
    readonly revision: number;
}

/** A part of a batch that arrives entry by entry. */
export type BatchPart = { readonly type: "entry"; readonly entry: KvEntry } | ({ readonly type: "rest" } & BatchRest);

interface Rest {
    readonly missing?: readonly string[];
    readonly pending?: readonly string[];
    readonly errors?: readonly ({ readonly key: string } & Record<string, unknown>)[];
}

export async function getMany(sender: Sender, keys: readonly string[], options: BatchOptions): Promise<BatchResult> {
    const answer = await sender.send(callFor(keys, options, undefined));
    const { revision, items, ...rest } = jsonIn<Rest & { revision: number; items: readonly Item[] }>(answer);
    return { revision, entries: new Map(items.map(item => [item.key, whole(item, answer.headers)])), ...toRest(rest) };
}

export async function* streamMany(sender: Sender, keys: readonly string[], options: BatchOptions): AsyncGenerator<BatchPart> {
    const { headers, chunks } = await sender.stream({ ...callFor(keys, options, lines), accepts: lines });
    for await (const line of readLines(chunks, sender.options.responseBytesMax)) {
        const part = JSON.parse(line) as Item | Rest;
        if ("key" in part) {
            yield { type: "entry", entry: whole(part, headers) };
        } else {
            yield { type: "rest", ...toRest(part) };
            return;
        }
    }

    throw new KvStoreError("The batch ended before its last line. Read the keys that are missing again.", { headers, outcome: "not-applied", isTransient: true });
}

const lines = "application/x-ndjson";

function callFor(keys: readonly string[], options: BatchOptions, accept: string | undefined): Call {
    const { waitSeconds } = options;
    return {
        method: "POST", isRead: true, target: `/v1/batch/get${queryOf({ wait: waitSeconds, ...stateOf(options) })}`, body: JSON.stringify({ keys }),
        waitMs: (waitSeconds ?? 0) * 1000, ...callOf(options, { "Content-Type": "application/json", "Accept": accept }),
    };
}

function toRest({ missing = [], pending = [], errors = [] }: Rest): BatchRest {
    return { missing, pending, errors: errors.map(({ key, ...members }) => ({ key, problem: toProblem(members) ?? { name: "origin-failed", detail: String(members["detail"]), members } })) };
}
