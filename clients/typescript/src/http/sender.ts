import { newReplicaId } from "../crdt/deltas/ids.js";
import { readChunks } from "./chunks.js";
import { errorOf, KvStoreError, type WriteOutcome } from "./errors.js";
import { readEvents, type ServerEvent } from "./events.js";
import { backoff, Deadline, delay } from "./time.js";

/** The key, time limits and retries of a client. All times are in milliseconds. */
export interface KvStoreOptions {
    /** The key that every request carries as `Authorization: Bearer`, for a service that has keys; or what gives the present one, which is asked before each request. */
    readonly apiKey?: string | (() => string | Promise<string>);

    /** What sends requests; by default the global `fetch`. */
    readonly fetch?: (url: string, request: RequestInit) => Promise<Response>;

    /** The time limit of a call with all its attempts and delays. Default 100 s. */
    readonly timeoutMs?: number;

    /** The time limit of one attempt, to the last byte of its answer; of a watch, to its headers. Default 30 s. */
    readonly attemptTimeoutMs?: number;

    /** The number of retries after a missing or incomplete answer, or one that invites a retry (408, 429, 502, 503, 504). Default 5. */
    readonly retriesMax?: number;

    /** The delay before the first retry; it doubles with each further one, and up to half of it is random. Default 100 ms. */
    readonly retryDelayMs?: number;

    /** The longest delay before a retry, even if the service asks for more. Default 5 s. */
    readonly retryDelayMaxMs?: number;

    /** The longest silence of a watch before it reconnects. Default 30 s, three times the service's heartbeat interval. */
    readonly watchSilenceMaxMs?: number;

    /** The largest answer, and the largest event of a watch. Default 64 MiB. */
    readonly responseBytesMax?: number;
}

/** A request, and what may be done if its answer does not arrive. */
export interface Call {
    readonly method: "GET" | "HEAD" | "PUT" | "PATCH" | "POST" | "DELETE";

    /** Whether it changes nothing whatever its method says, so that it is safe to repeat. */
    readonly isRead?: boolean;

    /** The media type of an answer that has no `KvStore-Revision`, which is how those of the service are recognized otherwise. */
    readonly accepts?: string;

    /** Whether 304 is an answer. */
    readonly allowsUnchanged?: boolean;

    /** How long the service may wait before it answers; on top of the time limits. */
    readonly waitMs?: number;

    /** The path and the query, encoded. */
    readonly target: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string | Uint8Array;

    /** Makes a write safe to repeat, as the service then applies it once; by default random. `none` for what is safe to repeat by itself. */
    readonly idempotencyKey?: string | "none" | undefined;

    /** Whether the request outlives the page that sends it. */
    readonly keepalive?: boolean;

    /** How often it is retried, if not as often as the options say. */
    readonly retriesMax?: number;
    readonly signal?: AbortSignal | undefined;
}

/** A complete answer with a success. */
export interface Answer {
    readonly status: number;
    readonly headers: Headers;
    readonly bytes: Uint8Array;
}

/** Sends requests, repeats those that are safe to repeat, and turns errors into exceptions. */
export class Sender {
    readonly options: Required<Omit<KvStoreOptions, "apiKey">> & Pick<KvStoreOptions, "apiKey">;
    readonly address: string;

    constructor(address: string | URL, options: KvStoreOptions) {
        this.address = String(address).replace(/\/$/, "");
        this.options = {
            fetch: (...request) => globalThis.fetch(...request), timeoutMs: 100_000, attemptTimeoutMs: 30_000, retriesMax: 5, retryDelayMs: 100,
            retryDelayMaxMs: 5000, watchSilenceMaxMs: 30_000, responseBytesMax: 64 * 1024 * 1024, ...options,
        };
    }

    /** Sends a request until it is answered. */
    async send(call: Call): Promise<Answer> {
        return await this.#repeat(call, async (request, deadline) => {
            const response = await this.#answer(call, request);
            const answer = { status: response.status, headers: response.headers, bytes: await this.#readBody(call, response) };
            deadline.end();
            return answer;
        });
    }

    /** Begins to watch: one connection, whose end is the end of the events. */
    async watch(call: Call): Promise<{ headers: Headers; events: AsyncGenerator<ServerEvent> }> {
        return await this.#repeat(call, async (request, deadline) => {
            const { headers, body } = await this.#answer(call, request);
            return { headers, events: readEvents(body!, deadline, this.options.watchSilenceMaxMs, this.options.responseBytesMax) };
        });
    }

    /** Begins a long answer, which is read as it arrives. */
    async stream(call: Call): Promise<{ headers: Headers; chunks: AsyncGenerator<Uint8Array> }> {
        return await this.#repeat(call, async (request, deadline) => {
            const { headers, body } = await this.#answer(call, request);
            return { headers, chunks: readChunks(body!, deadline, this.options.attemptTimeoutMs + (call.waitMs ?? 0), call.signal) };
        });
    }

    async #repeat<T>(call: Call, attempt: (request: RequestInit, deadline: Deadline) => Promise<T>): Promise<T> {
        const waitMs = call.waitMs ?? 0;
        const end = Date.now() + this.options.timeoutMs + waitMs;
        const idempotencyKey = !isWrite(call) || call.idempotencyKey === "none" ? undefined : call.idempotencyKey ?? newReplicaId() + newReplicaId();
        let outcome: WriteOutcome | undefined;
        for (let retry = 0; ; retry++) {
            const { apiKey } = this.options;
            const key = typeof apiKey === "function" ? await apiKey() : apiKey;
            call.signal?.throwIfAborted();
            const deadline = new Deadline(Math.max(0, Math.min(this.options.attemptTimeoutMs + waitMs, end - Date.now())), call.signal);
            try {
                return await attempt(this.#toRequest(call, key, idempotencyKey, deadline.signal), deadline);
            } catch (cause) {
                deadline.end();
                call.signal?.throwIfAborted();
                const error = cause instanceof KvStoreError ? cause : this.#lost(call, deadline, cause);

                // Not applied only if no attempt was: the rejection of a retry does not say what became of the attempts before.
                error.outcome = outcome = outcome === undefined || outcome === error.outcome ? error.outcome : "unknown";
                const pause = backoff(retry, this.options.retryDelayMs, this.options.retryDelayMaxMs, error.retryAfterMs);
                if (!error.isTransient || retry >= (call.retriesMax ?? this.options.retriesMax) || Date.now() + pause >= end)
                    throw error;
                await delay(pause, call.signal);
                call.signal?.throwIfAborted();
            }
        }
    }

    #lost(call: Call, deadline: Deadline, cause: unknown): KvStoreError {
        const message = deadline.isOver
            ? `${this.address} did not answer completely in time.`
            : `${this.address} cannot be reached, or the connection broke: ${cause instanceof Error ? cause.message : String(cause)}`;
        return new KvStoreError(message, { outcome: isWrite(call) ? "unknown" : "not-applied", isTransient: true, cause });
    }

    #toRequest(call: Call, key: string | undefined, idempotencyKey: string | undefined, signal: AbortSignal): RequestInit {
        const headers = new Headers(call.headers);
        if (key !== undefined)
            headers.set("Authorization", `Bearer ${key}`);
        if (idempotencyKey !== undefined)
            headers.set("Idempotency-Key", idempotencyKey);

        // The key must not go to where a redirection leads, and the cache of a browser must not answer in place of the service.
        return {
            method: call.method, headers, signal, redirect: "error", cache: "no-store", credentials: "omit", keepalive: call.keepalive ?? false, ...(call.body === undefined ? {} : { body: call.body as BodyInit }),
        };
    }

    async #answer(call: Call, request: RequestInit): Promise<Response> {
        const response = await this.options.fetch(this.address + call.target, request);

        // A login page or a proxy may answer 200 as well.
        const { headers } = response;
        const isOfService = call.accepts === undefined ? headers.has("KvStore-Revision") : headers.get("Content-Type")?.startsWith(call.accepts) === true;
        if ((response.ok || (response.status === 304 && call.allowsUnchanged)) && isOfService)
            return response;
        throw errorOf(response, new TextDecoder().decode(await this.#readBody(call, response)), isWrite(call));
    }

    async #readBody(call: Call, response: Response): Promise<Uint8Array> {
        const parts: Uint8Array[] = [];
        let length = 0;
        const reader = response.body?.getReader();
        for (let part = await reader?.read(); part?.value !== undefined; part = await reader?.read()) {
            parts.push(part.value);
            length += part.value.length;
            if (length > this.options.responseBytesMax) {
                await reader?.cancel();
                throw new KvStoreError(`The answer is larger than responseBytesMax, ${this.options.responseBytesMax} bytes.`, {
                    status: response.status, headers: response.headers, outcome: !isWrite(call) ? "not-applied" : response.ok ? "applied" : "unknown", isTransient: false,
                });
            }
        }

        const bytes = new Uint8Array(length);
        let at = 0;
        for (const part of parts) {
            bytes.set(part, at);
            at += part.length;
        }

        return bytes;
    }
}

function isWrite(call: Call): boolean {
    return call.isRead !== true && call.method !== "GET" && call.method !== "HEAD";
}
