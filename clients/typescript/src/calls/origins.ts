import type { Call, Sender } from "../http/sender.js";
import { revisionOf } from "./entry.js";
import { callOf, pathOf, queryOf, type CallOptions } from "./options.js";
import type { LoadsBegun, Origin, Origins, OutboxDropped, OutboxItem, OutboxPage, OutboxRetried } from "./documents.js";
import { jsonIn } from "./writes.js";

/** Keys of an origin, or everything below a prefix that begins with that of the origin. */
export type KeysOrPrefix = { readonly keys: readonly string[] } | { readonly prefix: string };

/** Which writes are listed. */
export interface OutboxOptions extends CallOptions {
    readonly state?: "pending" | "parked" | undefined;
}

/** The services and databases that prefixes are loaded from, and written to. */
export class OriginCalls {
    readonly #sender: Sender;

    /** @internal */
    constructor(sender: Sender) {
        this.#sender = sender;
    }

    /** How all of them do. */
    async list(options: CallOptions = {}): Promise<readonly Origin[]> {
        return jsonIn<Origins>(await this.#sender.send({ method: "GET", target: "/v1/origins", accepts: json, ...callOf(options) })).origins;
    }

    /** How one does. */
    async get(name: string, options: CallOptions = {}): Promise<Origin> {
        return jsonIn(await this.#sender.send({ method: "GET", target: originTarget(name), accepts: json, ...callOf(options) }));
    }

    /** Serves nothing any more that was loaded before. Returns the revision as of which that is so. */
    async invalidate(name: string, what: KeysOrPrefix, options: CallOptions = {}): Promise<number> {
        return revisionOf((await this.#sender.send(post(`${originTarget(name)}/invalidate`, what, options))).headers);
    }

    /** Begins to load keys: how many are being loaded, and how many cannot be now. */
    async load(name: string, keys: readonly string[], options: CallOptions = {}): Promise<LoadsBegun> {
        return jsonIn(await this.#sender.send({ ...post(`${originTarget(name)}/load`, { keys }, options), accepts: json }));
    }

    /** The keys whose last write the origin has yet to get. */
    async *outbox(name: string, options: OutboxOptions = {}): AsyncGenerator<OutboxItem> {
        let cursor: string | undefined;
        do {
            const target = `${originTarget(name)}/outbox${queryOf({ state: options.state, limit: 1000, cursor })}`;
            const page: OutboxPage = jsonIn(await this.#sender.send({ method: "GET", target, accepts: json, ...callOf(options) }));
            yield* page.items;
            cursor = page.cursor;
        } while (cursor !== undefined);
    }

    /** Delivers parked writes again. */
    async retry(name: string, what: KeysOrPrefix, options: CallOptions = {}): Promise<OutboxRetried> {
        return jsonIn(await this.#sender.send({ ...post(`${originTarget(name)}/outbox/retry`, what, options), accepts: json }));
    }

    /** Gives up the write of a key, or all parked ones below a prefix. The keys are loaded again. */
    async drop(name: string, what: { readonly key: string } | { readonly prefix: string }, options: CallOptions = {}): Promise<OutboxDropped> {
        const target = `${originTarget(name)}/outbox${queryOf("key" in what ? { key: what.key } : { prefix: what.prefix, state: "parked" })}`;
        return jsonIn(await this.#sender.send({ method: "DELETE", target, accepts: json, idempotencyKey: "none", ...callOf(options) }));
    }
}

const json = "application/json";

const originTarget = (name: string): string => `/v1/origins/${pathOf(name)}`;

// Safe to repeat without an idempotency key.
function post(target: string, body: unknown, options: CallOptions): Call {
    return { method: "POST", target, body: JSON.stringify(body), idempotencyKey: "none", ...callOf(options, { "Content-Type": json }) };
}
