import type { KvStoreClient } from "../client.js";
import type { CrdtType, ReplicaOfType } from "../crdt/index.js";
import { KvStoreError } from "../http/errors.js";
import { backoff, delay } from "../http/time.js";
import { IndexedDbStorage } from "../storage/indexedDbStorage.js";
import { ProgramLocks, webLocks } from "../storage/locks.js";
import { MemoryStorage } from "../storage/storage.js";
import { MergeableCalls } from "./calls.js";
import { Exchange } from "./exchange.js";
import { Following } from "./following.js";
import { LocalCopy } from "./localCopy.js";
import type { MergeableReplicaOptions, ReplicaEvent, ReplicaState } from "./settings.js";
import { ReplicaSlots } from "./slots.js";

const programLocks = new ProgramLocks();

/**
 * A mergeable value that is edited at once, online or offline, and brought together with the service's in the background. What is done here is stored
 * before it is sent, and sent when the service can be reached. Open one for each value of a page; pages of one browser have replicas of their own.
 */
export class MergeableReplica<T extends CrdtType> {
    readonly #options: Required<Omit<MergeableReplicaOptions, "storage" | "locks">>;
    readonly #copy: LocalCopy<T>;
    readonly #exchange: Exchange<T>;
    readonly #following: Following<T>;
    readonly #listeners = new Set<(event: ReplicaEvent) => void>();
    readonly #closing = new AbortController();
    readonly #ended: Promise<void>;
    #state: ReplicaState = "syncing";
    #error: unknown;
    #hadUnsent: boolean;
    #wake = new AbortController();

    private constructor(copy: LocalCopy<T>, calls: MergeableCalls, options: MergeableReplicaOptions) {
        this.#options = { retryDelayMs: 500, retryDelayMaxMs: 30_000, upkeepIntervalMs: 30_000, bytesMax: 1024 * 1024, ...options };
        this.#copy = copy;
        this.#exchange = new Exchange(copy, calls);
        this.#following = new Following(this.#exchange, this.#options.upkeepIntervalMs, signal => this.#sendForClosedPages(signal), () => this.#setState(copy.hasUnsent ? "syncing" : "synced"));
        copy.onMerged = () => this.#emit({ type: "change", isLocal: false });
        this.#hadUnsent = copy.hasUnsent;
        globalThis.addEventListener?.("online", this.#onOnline);
        globalThis.addEventListener?.("offline", this.#onOffline);
        this.#ended = this.#run();
    }

    /**
     * Opens a value, which is made if it is not there. Does not wait for the service: without it, the replica is what was stored, or empty.
     * @param type The type of the value.
     */
    static async open<T extends CrdtType>(client: KvStoreClient, key: string, type: T, options: MergeableReplicaOptions = {}): Promise<MergeableReplica<T>> {
        const hasWebLocks = globalThis.navigator?.locks !== undefined;
        const storage = options.storage ?? (hasWebLocks && globalThis.indexedDB !== undefined ? new IndexedDbStorage() : new MemoryStorage());
        const locks = options.locks ?? (hasWebLocks ? webLocks : storage instanceof MemoryStorage ? programLocks : undefined);
        if (locks === undefined)
            throw new TypeError("Pages that share a storage need locks, which browsers have for https and localhost only. Pass locks, or a MemoryStorage.");

        const slots = new ReplicaSlots(`${client.address} ${key}`, storage, locks);
        const restored = await slots.take((stored, release) => LocalCopy.restore(type, slots, stored, release));
        const calls = new MergeableCalls(client.sender, key);
        return new MergeableReplica(restored ?? await LocalCopy.begin(type, slots), calls, options);
    }

    /** The value. It is another object after the service has retired the replica's id, so do not keep it. Change it by {@link change} only. */
    get value(): ReplicaOfType[T] {
        return this.#copy.replica;
    }

    get state(): ReplicaState {
        return this.#state;
    }

    /** What led to the state. */
    get error(): unknown {
        return this.#error;
    }

    /** Whether there are changes that the service is not known to have. */
    get hasUnsent(): boolean {
        return this.#copy.hasUnsent;
    }

    /**
     * Changes the value: `change(text => text.insert(0, "Hello"))`. Returns what the function does. The change is stored and sent in the background.
     */
    change<R>(edit: (value: ReplicaOfType[T]) => R): R {
        if (this.#state === "closed")
            throw new TypeError("The replica is closed.");
        if (this.#copy.storedBytes > this.#options.bytesMax)
            throw new RangeError(`The value is larger than ${this.#options.bytesMax} bytes.`);
        const before = this.#copy.replica.mark().sequence;
        const result = edit(this.#copy.replica);
        if (this.#copy.replica.mark().sequence > before) {
            this.#copy.save().catch(error => this.#following.interrupt(error) || this.#setState(this.#state, error));
            this.#emit({ type: "change", isLocal: true });
            this.#setState(this.#state === "synced" ? "syncing" : this.#state, this.#error);
            this.#following.send();
        }

        return result;
    }

    /** Calls a function with every event. Returns what ends that. */
    subscribe(listener: (event: ReplicaEvent) => void): () => void {
        this.#listeners.add(listener);
        return () => void this.#listeners.delete(listener);
    }

    /** Completes when the service has everything and this replica as well, or rejects when the state is one that stays. */
    async synced(): Promise<void> {
        while (this.#state !== "synced") {
            if (!["offline", "syncing"].includes(this.#state))
                throw this.#error ?? new TypeError(`The replica is ${this.#state}.`);
            await new Promise<void>(resolve => {
                const end = this.subscribe(() => {
                    end();
                    resolve();
                });
            });
        }
    }

    /** Tries again at once. */
    retry(): void {
        if (["conflict", "deleted", "failed"].includes(this.#state))
            this.#setState("syncing");
        this.#wake.abort();
    }

    /**
     * Begins again with the value as the service has it, or makes it anew.
     * @param keepsChanges Whether what was not sent is repeated there. After a conflict that may repeat what others did as well.
     */
    startOver(keepsChanges: boolean): void {
        this.#copy.leave(keepsChanges);
        this.#following.interrupt(offline());
        this.retry();
    }

    /** Ends the replica, after it has been stored. What is not sent yet is sent when it is opened again. */
    async close(): Promise<void> {
        if (this.#closing.signal.aborted)
            return await this.#ended;
        globalThis.removeEventListener?.("online", this.#onOnline);
        globalThis.removeEventListener?.("offline", this.#onOffline);
        this.#closing.abort();
        this.#wake.abort();
        await this.#ended;
        await this.#copy.close();
        this.#setState("closed");
        this.#listeners.clear();
    }

    async #run(): Promise<void> {
        const { signal } = this.#closing;
        for (let failures = 0; !signal.aborted; failures++) {
            this.#wake = new AbortController();
            let error: unknown;
            try {
                if (this.#state !== "offline")
                    this.#setState("syncing");
                await this.#exchange.run(signal);
                failures = 0;
                await this.#sendForClosedPages(signal);
                await this.#following.run(signal);
            } catch (caught) {
                error = caught;
            }

            if (signal.aborted)
                return;
            const state = stateAfter(error);
            this.#setState(state, error);
            const pause = backoff(failures, this.#options.retryDelayMs, this.#options.retryDelayMaxMs, error instanceof KvStoreError ? error.retryAfterMs : 0);
            await delay(state === "offline" || state === "syncing" ? pause : 2 ** 31 - 1, this.#wake.signal);
        }
    }

    // What other pages left unsent when they were closed. What the service refuses stays for when one is opened on it.
    async #sendForClosedPages(signal: AbortSignal): Promise<void> {
        const { type, slots } = this.#copy;
        const take = (): Promise<LocalCopy<T> | undefined> =>
            slots.take((stored, release) => stored.hasUnsent ? LocalCopy.restore(type, slots, stored, release) : undefined);
        for (let left = await take(); left !== undefined; left = await take()) {
            try {
                await new Exchange(left, this.#exchange.calls).run(signal);
                await left.remove();
            } catch (error) {
                await left.close();
                if (error instanceof KvStoreError && !error.isTransient)
                    return;
                throw error;
            }
        }
    }

    readonly #onOnline = (): void => this.retry();

    readonly #onOffline = (): void => void this.#following.interrupt(offline());

    #setState(state: ReplicaState, error?: unknown): void {
        const { hasUnsent } = this.#copy;
        if (state === this.#state && hasUnsent === this.#hadUnsent && error === this.#error)
            return;
        this.#state = state;
        this.#hadUnsent = hasUnsent;
        this.#error = error;
        this.#emit({ type: "state", state, hasUnsent, error });
    }

    #emit(event: ReplicaEvent): void {
        for (const listener of [...this.#listeners])
            listener(event);
    }
}

function offline(): KvStoreError {
    return new KvStoreError("The connection was ended here.", { outcome: "not-applied", isTransient: true });
}

function stateAfter(error: unknown): ReplicaState {
    if (error === undefined)
        return "syncing";
    if (!(error instanceof KvStoreError))
        return "failed";
    return error.isTransient || error.is("replica-retired") ? "offline" : error.is("other-lineage") ? "conflict" : error.is("not-found") ? "deleted" : "failed";
}
