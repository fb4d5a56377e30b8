import { fromBase64, toBase64 } from "../crdt/deltas/base64.js";
import { Version, type CrdtType, type ReplicaId } from "../crdt/index.js";
import { KvStoreError } from "../http/errors.js";
import type { ServerEvent } from "../http/events.js";
import type { Answer, Sender } from "../http/sender.js";

/** What a mergeable value answered. */
export interface MergeAnswer {
    readonly type: CrdtType;
    readonly lineage: string | undefined;

    /** What the service has. */
    readonly version: Version | undefined;

    /** What the asker lacks; undefined if it lacks nothing. */
    readonly delta: Uint8Array | undefined;
}

/** The calls that a replica makes. None is repeated here: what is right after a failure depends on what the replica has by then. */
export class MergeableCalls {
    readonly #target: string;

    constructor(readonly sender: Sender, key: string) {
        this.#target = `/v1/crdt/${encodeURIComponent(key)}`;
    }

    /** The state, or what is lacking since a version; undefined if there is no value. */
    async read(since: string | undefined, signal: AbortSignal): Promise<MergeAnswer | undefined> {
        try {
            const target = this.#target + (since === undefined || since.length > sinceMax ? "" : `?since=${since}`);
            return toMergeAnswer(await this.sender.send({ method: "GET", target, headers: { Accept: deltaType }, retriesMax: 0, signal }));
        } catch (error) {
            if (error instanceof KvStoreError && error.is("not-found"))
                return undefined;
            throw error;
        }
    }

    /** Makes the value if there is none. */
    async create(type: CrdtType, signal: AbortSignal): Promise<void> {
        const nothing = type === "text" ? { edits: [] } : type.endsWith("set") ? { add: [] } : { increment: 0 };
        await this.#post(`?type=${type}`, "application/json", nothing, signal);
    }

    /** Sends what a replica has done, and acknowledges what it has. Safe to repeat, because a delta that is merged twice is merged once. */
    async merge(replica: ReplicaId, lineage: string, version: string, delta: Uint8Array | undefined, signal: AbortSignal): Promise<MergeAnswer> {
        return toMergeAnswer(await this.#post("", deltaType, { replica, lineage, version, ...(delta === undefined ? {} : { delta: toBase64(delta) }) }, signal));
    }

    /** The changes since a version: one connection. */
    async watch(since: string, signal: AbortSignal): Promise<AsyncGenerator<ServerEvent>> {
        return (await this.sender.watch({ method: "GET", target: `${this.#target}?watch=true${since.length > sinceMax ? "" : `&since=${since}`}`, retriesMax: 0, signal })).events;
    }

    async #post(query: string, contentType: string, body: unknown, signal: AbortSignal): Promise<Answer> {
        return await this.sender.send({
            method: "POST", target: this.#target + query, headers: { "Content-Type": contentType }, body: JSON.stringify(body), idempotencyKey: "none", retriesMax: 0, signal,
        });
    }
}

/** The longest version in a query. Without one the answer is the whole state, which every replica can merge. */
const sinceMax = 4096;

const deltaType = "application/vnd.kvstore.delta+json";

function toMergeAnswer(answer: Answer): MergeAnswer {
    return parseAnswer(new TextDecoder().decode(answer.bytes));
}

/** Parses an answer, or the data of an event, which has the same members. */
export function parseAnswer(text: string): MergeAnswer {
    const { type, lineage, version, delta } = JSON.parse(text) as { type: CrdtType; lineage?: string; version?: string; delta?: string };
    return { type, lineage, version: version === undefined ? undefined : Version.parse(version), delta: delta === undefined ? undefined : fromBase64(delta) };
}
