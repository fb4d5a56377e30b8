import * as Y from "yjs";
import { newReplicaId } from "../crdt/index.js";
import { KvStoreError } from "../http/errors.js";
import { backoff, delay } from "../http/time.js";
import { retryDelay, retryDelayMax } from "./connection.js";
import { joined, split } from "./updates.js";

export interface OutboxOptions {
    /** Stores one update, once for each idempotency key. */
    readonly store: (update: Uint8Array, idempotencyKey: string, signal: AbortSignal) => Promise<void>;
    /** All changes are stored. */
    readonly stored: () => void;
    /** The service does not take an update; nothing is sent until the outbox is started again. */
    readonly refused: (error: KvStoreError) => void;
    /** How long changes are collected into one update, in milliseconds. */
    readonly sendAfter: number;
    readonly batchBytesMax: number;
    readonly valueBytesMax: number;
}

/**
 * The changes that are not stored yet, in their order. One update is on its way at a time. It is sent with the same idempotency key until its
 * outcome is known, so that a response that is lost stores nothing twice.
 */
export class Outbox {
    readonly #options: OutboxOptions;
    #queue: Uint8Array[] = [];
    #queueBytes = 0;
    #sending: { readonly update: Uint8Array; readonly idempotencyKey: string } | undefined;
    #started: AbortController | undefined;
    #timer: ReturnType<typeof setTimeout> | undefined;
    #isSending = false;

    constructor(options: OutboxOptions) {
        this.#options = options;
    }

    /** How many bytes of changes are not known to be stored. */
    get bytes(): number {
        return this.#queueBytes + (this.#sending?.update.length ?? 0);
    }

    /** The update whose outcome is not known. */
    get onItsWay(): readonly Uint8Array[] {
        return this.#sending ? [this.#sending.update] : [];
    }

    add(update: Uint8Array): void {
        this.#queue.push(update);
        this.#queueBytes += update.length;
        // While there is no connection, neighbors become one update from time to time: each of them has an overhead.
        if (this.#queue.length >= 1_000)
            this.#setQueue(joined(this.#queue, this.#options.batchBytesMax));
        if (this.#queueBytes >= this.#options.batchBytesMax)
            this.#send();
        else
            this.#timer ??= setTimeout(() => this.#send(), this.#options.sendAfter);
    }

    /** Replaces what waits by what is known to be missing from the service. */
    replace(updates: Uint8Array[]): void {
        this.#setQueue(updates);
    }

    start(): void {
        this.#started ??= new AbortController();
        this.#send();
    }

    stop(): void {
        this.#started?.abort();
        this.#started = undefined;
        clearTimeout(this.#timer);
        this.#timer = undefined;
    }

    #setQueue(updates: Uint8Array[]): void {
        this.#queue = updates;
        this.#queueBytes = updates.reduce((sum, update) => sum + update.length, 0);
    }

    #send(): void {
        clearTimeout(this.#timer);
        this.#timer = undefined;
        if (this.#started && !this.#isSending)
            void this.#sendAll();
    }

    async #sendAll(): Promise<void> {
        this.#isSending = true;
        try {
            for (let failures = 0; this.#started && (this.#sending ??= this.#takeBatch());) {
                const { signal } = this.#started;
                try {
                    await this.#options.store(this.#sending.update, this.#sending.idempotencyKey, signal);
                    this.#sending = undefined;
                    failures = 0;
                } catch (error) {
                    if (signal.aborted)
                        continue;
                    if (!(error instanceof KvStoreError))
                        throw error;
                    // A store that is full takes writes again once there is room.
                    if (!error.isTransient && error.status !== 507) {
                        this.#refuse(error);
                        return;
                    }
                    await delay(backoff(failures++, retryDelay, retryDelayMax, error.retryAfterMs), signal);
                }
            }
        } finally {
            this.#isSending = false;
        }
        if (this.bytes === 0)
            this.#options.stored();
    }

    #refuse(error: KvStoreError): void {
        const { update } = this.#sending!;
        this.#sending = undefined;
        this.#setQueue([update, ...this.#queue]);
        this.stop();
        this.#options.refused(error);
    }

    #takeBatch(): { update: Uint8Array; idempotencyKey: string } | undefined {
        const { batchBytesMax, valueBytesMax } = this.#options;
        let count = 0;
        for (let bytes = 0; count < this.#queue.length && (count === 0 || bytes + this.#queue[count]!.length <= batchBytesMax); count++)
            bytes += this.#queue[count]!.length;
        if (count === 0)
            return undefined;
        const batch = this.#queue.slice(0, count);
        const [update, ...others] = split(batch.length === 1 ? batch[0]! : Y.mergeUpdates(batch), valueBytesMax);
        this.#setQueue([...others, ...this.#queue.slice(count)]);
        return { update: update!, idempotencyKey: newReplicaId() + newReplicaId() };
    }
}
