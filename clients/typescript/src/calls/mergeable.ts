import type { CrdtType } from "../crdt/index.js";
import { KvStoreError } from "../http/errors.js";
import type { Answer, Sender } from "../http/sender.js";
import { revisionOf } from "./entry.js";
import { callOf, conditionsOf, pathOf, queryOf, stateOf, writeOf, type ReadOptions, type WriteOptions } from "./options.js";
import { jsonIn } from "./writes.js";

/** Settings of a change of a mergeable value. */
export interface MergeOptions<T extends CrdtType> extends WriteOptions {
    /** Makes the value if there is none. Without it that is a `not-found`. */
    readonly type?: T | undefined;
}

/** What a mergeable value is after a change. */
export interface MergeResult {
    readonly revision: number;
    readonly type: CrdtType;

    /** What the value includes; send it back as `base` or `context`. */
    readonly version: string;

    /** Of a counter. JavaScript rounds numbers above 2^53. */
    readonly value?: number;
}

/** A mergeable value: the number of a counter, the elements of a set, or a text. */
export interface MergeableValue {
    readonly revision: number;

    /** Undefined if it is longer than 4 KiB. */
    readonly version: string | undefined;
    readonly value: number | readonly string[] | string;
}

/** What is done to a text, in order. Positions and lengths are in Unicode scalars, in the text as the edits before left it. */
export interface TextEdit {
    readonly at: number;
    readonly delete?: number;
    readonly insert?: string;
}

/** Counters, sets and text that any number of clients change at once, each by one call. {@link MergeableReplica} is for those that are edited offline. */
export class MergeableValues {
    readonly #sender: Sender;

    /** @internal */
    constructor(sender: Sender) {
        this.#sender = sender;
    }

    /** Adds to a counter. */
    async increment(key: string, by: number | bigint = 1, options: MergeOptions<"g-counter" | "pn-counter"> = {}): Promise<MergeResult> {
        return await this.#change(key, `{"increment":${by}}`, options);
    }

    /** Adds to a set, and removes from it. With a `context` what was added after that version stays. */
    async change(
        key: string, change: { readonly add?: readonly string[]; readonly remove?: readonly string[]; readonly context?: string }, options: MergeOptions<"g-set" | "or-set"> = {},
    ): Promise<MergeResult> {
        return await this.#change(key, JSON.stringify(change), options);
    }

    /** Edits a text. With a `base` the positions are those in the text of that version. */
    async edit(key: string, edits: readonly TextEdit[], options: MergeOptions<"text"> & { readonly base?: string | undefined } = {}): Promise<MergeResult> {
        return await this.#change(key, JSON.stringify({ edits, base: options.base }), options);
    }

    /** Reads a value; undefined if there is none. */
    async get(key: string, options: ReadOptions = {}): Promise<MergeableValue | undefined> {
        try {
            const answer = await this.#sender.send({ method: "GET", target: `/v1/crdt/${pathOf(key)}${queryOf(stateOf(options))}`, ...callOf(options, { Accept: "application/json" }) });
            return { revision: tagOf(answer), version: answer.headers.get("KvStore-Version") ?? undefined, value: jsonIn(answer) };
        } catch (error) {
            if (error instanceof KvStoreError && error.is("not-found"))
                return undefined;
            throw error;
        }
    }

    async #change(key: string, body: string, options: MergeOptions<CrdtType>): Promise<MergeResult> {
        return jsonIn(await this.#sender.send({
            method: "POST", target: `/v1/crdt/${pathOf(key)}${queryOf({ type: options.type, ttl: options.ttlSeconds })}`, body,
            ...writeOf(options, { "Content-Type": "application/json", ...conditionsOf(options) }),
        }));
    }
}

const tagOf = ({ headers }: Answer): number => Number(headers.get("ETag")?.replaceAll("\"", "") ?? revisionOf(headers));
