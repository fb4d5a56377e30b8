import { Awareness } from "y-protocols/awareness";
import * as Y from "yjs";
import type { KvStoreClient } from "../client.js";
import { Compactor, updateType } from "./compactor.js";
import { Connection } from "./connection.js";
import { Emitter } from "./events.js";
import { Follower, type Change } from "./follower.js";
import { DocumentKeys } from "./keys.js";
import type { KvStoreProviderOptions, ProviderEvents, Status } from "./options.js";
import { Outbox } from "./outbox.js";
import { Presence } from "./presence.js";
import { CompactionSchedule } from "./schedule.js";
import { entryTarget, valueOf, type Item } from "./items.js";
import { isReadable, missingFrom } from "./updates.js";

// An update that is too large is not sent again at once with each change that follows it.
const tooLargeDelay = 1_000;

/**
 * Synchronizes a document of Yjs through a KvStore: changes are appended below `{name}/u/`, and merged into a snapshot, `{name}/s/0000`, from
 * time to time. Nothing is ever stored in place of what was not read: a client that could not load the document can only add to it.
 */
export class KvStoreProvider extends Emitter<ProviderEvents> {
    readonly awareness: Awareness;
    readonly #keys: DocumentKeys;
    readonly #outbox: Outbox;
    readonly #follower: Follower;
    readonly #connection: Connection;
    readonly #compactor: Compactor;
    readonly #schedule: CompactionSchedule;
    readonly #presence: Presence;
    #status: Status = "disconnected";
    #isSynced = false;
    /** What has come of the entries that exist. */
    #loaded: Uint8Array[] | undefined;
    #isTooLarge = false;
    #reload: ReturnType<typeof setTimeout> | undefined;

    /** The key of the client needs the rights to read, write and delete below the name and a slash, if the service has keys. */
    constructor(readonly client: KvStoreClient, name: string, readonly doc: Y.Doc, options: KvStoreProviderOptions = {}) {
        super();
        const { sendAfter = 50, batchBytesMax = 256 * 1024, valueBytesMax = 1024 * 1024 } = options;
        this.awareness = options.awareness ?? new Awareness(doc);
        this.#keys = new DocumentKeys(name);
        this.#outbox = new Outbox({
            store: (update, idempotencyKey, signal) => this.#append(update, idempotencyKey, signal),
            stored: () => this.emit("stored"),
            refused: error => {
                this.#isTooLarge = error.status === 413;
                this.emit("error", error);
            },
            sendAfter, valueBytesMax, batchBytesMax: Math.min(batchBytesMax, valueBytesMax),
        });
        this.#follower = new Follower(client.sender, this.#keys.prefix, {
            loading: () => this.#startLoading(),
            entry: item => this.#receive(item, update => this.#loaded!.push(update)),
            live: () => this.#live(),
            change: changes => this.#change(changes),
        });
        this.#connection = new Connection(this.#follower, {
            connecting: () => this.#lost("connecting"),
            stopped: () => this.#lost("disconnected"),
            failed: error => this.emit("error", error),
        });
        this.#compactor = new Compactor(client.sender, this.#keys, doc.gc, valueBytesMax);
        this.#schedule = new CompactionSchedule(this.#compactor, Math.max(2, options.compactAfter ?? 64), () => this.#isSynced);
        this.#presence = new Presence(client.sender, this.#keys, this.awareness);
        doc.on("update", this.#onUpdate);
        doc.on("destroy", this.#onDestroy);
        globalThis.addEventListener?.("online", this.#onNetwork);
        globalThis.addEventListener?.("offline", this.#onNetwork);
        globalThis.addEventListener?.("pagehide", this.#onPageHide);
        if (options.connect ?? true)
            this.connect();
    }

    get status(): Status {
        return this.#status;
    }

    get synced(): boolean {
        return this.#isSynced;
    }

    /** How many bytes of changes are not known to be stored. */
    get unsentBytes(): number {
        return this.#outbox.bytes;
    }

    connect(): void {
        this.#connection.start();
    }

    disconnect(): void {
        this.#connection.stop();
    }

    /** Ends the synchronization. Changes that are not stored stay in the document alone; wait for {@link whenStored} to store them. */
    async destroy(): Promise<void> {
        this.disconnect();
        this.doc.off("update", this.#onUpdate);
        this.doc.off("destroy", this.#onDestroy);
        globalThis.removeEventListener?.("online", this.#onNetwork);
        globalThis.removeEventListener?.("offline", this.#onNetwork);
        globalThis.removeEventListener?.("pagehide", this.#onPageHide);
        await this.#presence.leave();
    }

    /** Resolves when everything that is stored is in the document. */
    whenSynced(): Promise<void> {
        return this.#isSynced ? Promise.resolve() : new Promise(resolve => this.once("sync", () => resolve(this.whenSynced())));
    }

    /** Resolves when every change of this client is stored. */
    whenStored(): Promise<void> {
        return this.#outbox.bytes === 0 ? Promise.resolve() : new Promise(resolve => this.once("stored", () => resolve(this.whenStored())));
    }

    /**
     * Writes the first content of a document that has none: of any number of clients that try, one succeeds, and the content is there once.
     * Returns whether this one did.
     */
    async seed(write: (doc: Y.Doc) => void): Promise<boolean> {
        await this.whenSynced();
        if (this.doc.store.clients.size > 0)
            return false;
        const seed = new Y.Doc();
        write(seed);
        const update = Y.encodeStateAsUpdate(seed);
        seed.destroy();
        const isFirst = await this.#compactor.putFirst(update, this.#connection.signal);
        if (isFirst)
            Y.applyUpdate(this.doc, update, this);
        return isFirst;
    }

    #startLoading(): void {
        this.#loaded = [];
        this.#compactor.clear();
    }

    #live(): void {
        if (this.#loaded) {
            const stored = this.#loaded;
            this.#loaded = undefined;
            const isEmpty = this.doc.store.clients.size === 0;
            this.#apply(stored);
            // What was loaded from elsewhere, such as IndexedDB, or has been lost by the service, is sent like a change.
            if (!isEmpty)
                this.#outbox.replace(missingFrom([...stored, ...this.#outbox.onItsWay], this.doc));
        }
        this.#isTooLarge = false;
        this.#setStatus("connected");
        this.#setSynced(true);
        this.#outbox.start();
        this.#presence.start();
        this.#schedule.runIfDue(this.#connection.signal);
    }

    #lost(status: Status): void {
        clearTimeout(this.#reload);
        this.#reload = undefined;
        this.#loaded = undefined;
        this.#outbox.stop();
        this.#presence.stop();
        this.#setSynced(false);
        this.#setStatus(status);
    }

    #change(changes: readonly Change[]): void {
        // Only a merge deletes updates, and it writes a part of the snapshot in the same commit.
        const isMerge = changes.some(({ type, key }) => type === "put" && this.#keys.partNumber(key) !== undefined);
        if (!isMerge && changes.some(({ type, key }) => type !== "put" && this.#keys.isContent(key))) {
            this.#follower.startOver();
            this.disconnect();
            this.emit("deleted");
            return;
        }
        const updates: Uint8Array[] = [];
        for (const change of changes) {
            const client = this.#keys.client(change.key);
            if (change.type === "put")
                this.#receive(change, update => updates.push(update));
            else if (client !== undefined)
                this.#presence.left(client);
            else
                this.#compactor.removed(change.key);
        }
        this.#apply(updates);
        this.#schedule.runIfDue(this.#connection.signal);
    }

    #receive(item: Item, use: (update: Uint8Array) => void): void {
        if (this.#keys.client(item.key) !== undefined)
            this.#presence.received(valueOf(item));
        else if (this.#keys.isContent(item.key)) {
            const update = valueOf(item);
            this.#compactor.added(item);
            if (isReadable(update))
                return use(update);
            // It may be of a later format, so it stays as it is.
            this.#schedule.forbid();
            this.emit("error", new Error(`The entry ${item.key} is no update of Yjs.`));
        }
    }

    #apply(updates: readonly Uint8Array[]): void {
        if (updates.length > 0)
            Y.transact(this.doc, () => updates.forEach(update => Y.applyUpdate(this.doc, update, this)), this, false);
    }

    async #append(update: Uint8Array, idempotencyKey: string, signal: AbortSignal): Promise<void> {
        const call = { method: "POST", target: entryTarget(this.#keys.updates), body: update, headers: { "Content-Type": updateType } } as const;
        await this.client.sender.send({ ...call, idempotencyKey, retriesMax: 0, signal });
    }

    readonly #onUpdate = (update: Uint8Array, origin: unknown) => {
        if (origin === this)
            return;
        this.#outbox.add(update);
        // Deleting what is too large makes what is missing small again, which only the whole document shows.
        if (this.#isTooLarge)
            this.#reload ??= setTimeout(() => {
                this.#reload = undefined;
                this.#follower.startOver();
                this.#connection.restart();
            }, tooLargeDelay);
    };

    readonly #onDestroy = () => void this.destroy();

    readonly #onNetwork = () => this.#connection.restart();

    readonly #onPageHide = () => void this.#presence.withdraw();

    #setStatus(status: Status): void {
        if (this.#status === status)
            return;
        this.#status = status;
        this.emit("status", { status });
    }

    #setSynced(isSynced: boolean): void {
        if (this.#isSynced === isSynced)
            return;
        this.#isSynced = isSynced;
        this.emit("sync", isSynced);
    }
}
