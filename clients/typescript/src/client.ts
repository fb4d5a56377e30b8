import { KvEntry, toEntry, type Item, type WatchEvent } from "./http/entries.js";
import { KvStoreError } from "./http/errors.js";
import { Sender, type Answer, type KvStoreOptions } from "./http/sender.js";
import type { ServerEvent } from "./http/events.js";
import { backoff, delay } from "./http/time.js";

/** What every call takes. */
export interface CallOptions {
    /** Ends the call. A write may have been applied nevertheless. */
    readonly signal?: AbortSignal;
}

/** Conditions and settings of a write. */
export interface WriteOptions extends CallOptions {
    /** Writes only if this revision last wrote the entry. Otherwise the call throws a `precondition-failed`. */
    readonly ifRevision?: number;

    /** Writes only if there is no entry. */
    readonly ifAbsent?: boolean;

    /** After how many seconds the entry expires. */
    readonly ttlSeconds?: number;

    /** Makes the write safe to repeat across restarts of your own program; by default random. */
    readonly idempotencyKey?: string;
}

/** What is watched: a key or everything below a prefix. */
export type WatchOptions = CallOptions & ({ readonly key: string } | { readonly prefix: string }) & {
    /** Yields the existing entries first. If changes were missed, it says `reset` and yields them again. */
    readonly initial?: boolean;

    /** Starts after a revision of this store. */
    readonly after?: number;

    /** Whether events have values. Default true. */
    readonly values?: boolean;
};

/**
 * A client of one service. Create one and share it. A call that fails throws a {@link KvStoreError}. Attempts without an answer are repeated: every write
 * carries an `Idempotency-Key`, so the service applies it once.
 */
export class KvStoreClient {
    /** @internal */
    readonly sender: Sender;

    /** @param address Where the service is, such as `https://store.example.com`, with its path if it has one. */
    constructor(address: string | URL, options: KvStoreOptions = {}) {
        this.sender = new Sender(address, options);
    }

    /** Where the service is. */
    get address(): string {
        return this.sender.address;
    }

    /** Reads an entry; undefined if there is none. */
    async get(key: string, options: CallOptions = {}): Promise<KvEntry | undefined> {
        try {
            const answer = await this.sender.send({ method: "GET", target: entryTarget(key), signal: options.signal });
            return new KvEntry(key, Number(answer.headers.get("ETag")?.replaceAll("\"", "")), answer.headers.get("Content-Type") ?? "", answer.bytes);
        } catch (error) {
            if (error instanceof KvStoreError && error.is("not-found"))
                return undefined;
            throw error;
        }
    }

    /** Stores a value. Text is stored as `text/plain`, bytes as `application/octet-stream`, unless another media type is given. */
    async put(key: string, value: string | Uint8Array, options: WriteOptions & { readonly contentType?: string } = {}): Promise<{ revision: number; created: boolean }> {
        const contentType = options.contentType ?? (typeof value === "string" ? "text/plain; charset=utf-8" : "application/octet-stream");
        const answer = await this.sender.send({
            method: "PUT", target: entryTarget(key) + ttlOf(options), body: value, headers: { "Content-Type": contentType, ...conditionsOf(options) }, ...sendingOf(options),
        });
        return { revision: revisionOf(answer), created: answer.status === 201 };
    }

    /** Stores a value as JSON. */
    async putJson(key: string, value: unknown, options: WriteOptions = {}): Promise<{ revision: number; created: boolean }> {
        return await this.put(key, JSON.stringify(value), { ...options, contentType: "application/json" });
    }

    /** Deletes an entry. Returns the revision of the deletion; undefined if there was no entry. */
    async delete(key: string, options: Omit<WriteOptions, "ifAbsent" | "ttlSeconds"> = {}): Promise<number | undefined> {
        try {
            return revisionOf(await this.sender.send({ method: "DELETE", target: entryTarget(key), headers: conditionsOf(options), ...sendingOf(options) }));
        } catch (error) {
            if (error instanceof KvStoreError && error.is("not-found") && error.outcome === "not-applied")
                return undefined;
            throw error;
        }
    }

    /** Adds to a number, which begins with 0, and returns the new one. The service does it, so callers at once never conflict. */
    async increment(key: string, by: bigint | number = 1, options: WriteOptions = {}): Promise<bigint> {
        const answer = await this.sender.send({
            method: "POST", target: `/v1/counters/${encodeURIComponent(key)}?by=${by}${ttlOf(options).replace("?", "&")}`, headers: conditionsOf(options), ...sendingOf(options),
        });
        return BigInt(new TextDecoder().decode(answer.bytes));
    }

    /** Yields what happens to a key or below a prefix, every change once and in order, until it is ended. Once it has begun, it reconnects and resumes on its own. */
    async *watch(options: WatchOptions): AsyncGenerator<WatchEvent> {
        const { signal, initial } = options;
        const what = "key" in options ? `key=${encodeURIComponent(options.key)}` : `prefix=${encodeURIComponent(options.prefix)}`;
        let position = options.after === undefined ? undefined : String(options.after);
        let hasBegun = false;
        let isEmpty = true;
        for (let failures = 0; ; failures++) {
            const from = position !== undefined ? `&after=${position}` : initial ? "&initial=true" : "";
            try {
                const { headers, events } = await this.sender.watch({ method: "GET", target: `/v1/watch?${what}${from}&values=${options.values ?? true}`, signal });
                hasBegun = true;

                // Without it, what happens before the first event would be missed if the connection broke before that.
                if (!initial)
                    position ??= positionOf(headers);
                for await (const event of events) {
                    failures = 0;
                    throwIfFinal(event);
                    for (const seen of toWatchEvents(event)) {
                        isEmpty = false;
                        yield seen;
                    }

                    position = event.id ?? position;
                }
            } catch (error) {
                signal?.throwIfAborted();
                const isGone = error instanceof KvStoreError && error.status === 410;
                if (isGone && initial)
                    position = undefined;
                else if (!hasBegun || (error instanceof KvStoreError && !error.isTransient))
                    throw error;
            }

            if (position === undefined && !isEmpty) {
                isEmpty = true;
                yield { type: "reset" };
            }

            await delay(backoff(failures, this.sender.options.retryDelayMs, this.sender.options.retryDelayMaxMs), signal);
            signal?.throwIfAborted();
        }
    }
}

const entryTarget = (key: string): string => `/v1/kv/${encodeURIComponent(key)}`;

const ttlOf = (options: WriteOptions): string => options.ttlSeconds === undefined ? "" : `?ttl=${options.ttlSeconds}`;

const sendingOf = ({ signal, idempotencyKey }: WriteOptions): { signal: AbortSignal | undefined; idempotencyKey: string | undefined } => ({ signal, idempotencyKey });

const revisionOf = (answer: Answer): number => Number(answer.headers.get("KvStore-Revision"));

const detailOf = (event: ServerEvent): string => String((JSON.parse(event.data) as { detail?: string }).detail ?? event.name);

function conditionsOf(options: WriteOptions): Record<string, string> {
    return {
        ...(options.ifRevision === undefined ? {} : { "If-Match": `"${options.ifRevision}"` }),
        ...(options.ifAbsent ? { "If-None-Match": "*" } : {}),
    };
}

function positionOf(headers: Headers): string {
    const store = headers.get("KvStore-Store-Id");
    return `${store === null ? "" : `${store}.`}${headers.get("KvStore-Revision")}`;
}

// After these, to connect again in the same way would lead to the same.
function throwIfFinal(event: ServerEvent): void {
    if (event.name !== "gone" && event.name !== "revoked")
        return;
    const detail = detailOf(event);
    const [status, name] = event.name === "gone" ? [410, "revision-gone"] : [401, "unauthorized"];
    throw new KvStoreError(detail, { status, problem: { name, detail, members: {} }, outcome: "not-applied", isTransient: false });
}

function* toWatchEvents(event: ServerEvent): Generator<WatchEvent> {
    const data = JSON.parse(event.data) as { revision: number; changes?: readonly (Item & { type: "put" | "delete" | "expire" })[] };
    if (event.name === "synced")
        yield { type: "synced", revision: data.revision };
    if (event.name === "entry") {
        const item = data as unknown as Item;
        yield { type: "entry", key: item.key, revision: item.revision, entry: toEntry(item) };
    }

    for (const item of event.name === "change" ? data.changes ?? [] : []) {
        if (item.type === "put")
            yield { type: "put", key: item.key, revision: data.revision, entry: toEntry(item) };
        else
            yield { type: item.type, key: item.key, revision: data.revision };
    }
}
