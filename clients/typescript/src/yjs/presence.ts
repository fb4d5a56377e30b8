import { applyAwarenessUpdate, encodeAwarenessUpdate, removeAwarenessStates, type Awareness } from "y-protocols/awareness";
import { KvStoreError } from "../http/errors.js";
import type { Sender } from "../http/sender.js";
import type { DocumentKeys } from "./keys.js";
import { entryTarget } from "./items.js";

// An Awareness renews its state every 15 seconds, and drops states of others that were not renewed for 30.
const expirySeconds = 40;
const sendAfter = 100;

interface AwarenessChange {
    readonly added: number[];
    readonly updated: number[];
    readonly removed: number[];
}

/** Who is here, and where their cursors are: an entry for each client, which expires unless the client renews it. */
export class Presence {
    #isStarted = false;
    #isPublished = false;
    #timer: ReturnType<typeof setTimeout> | undefined;

    constructor(readonly sender: Sender, readonly keys: DocumentKeys, readonly awareness: Awareness) {
        awareness.on("update", this.#onUpdate);
    }

    start(): void {
        this.#isStarted = true;
        void this.#send();
    }

    stop(): void {
        this.#isStarted = false;
        clearTimeout(this.#timer);
        this.#timer = undefined;
    }

    /** Takes back the entry of this client, also while its page goes away. */
    async leave(): Promise<void> {
        this.awareness.off("update", this.#onUpdate);
        this.stop();
        await this.withdraw();
    }

    async withdraw(): Promise<void> {
        if (!this.#isPublished)
            return;
        this.#isPublished = false;
        // Unless this arrives, the entry expires.
        await this.sender.send({ method: "DELETE", target: this.#target, idempotencyKey: "none", retriesMax: 0, keepalive: true }).catch(() => {});
    }

    received(update: Uint8Array): void {
        try {
            applyAwarenessUpdate(this.awareness, update, this);
        } catch {
            // What another client says of its cursor is worth no more than that.
        }
    }

    left(client: number): void {
        if (client !== this.awareness.clientID)
            removeAwarenessStates(this.awareness, [client], this);
    }

    readonly #onUpdate = ({ added, updated, removed }: AwarenessChange) => {
        if ([...added, ...updated, ...removed].includes(this.awareness.clientID) && this.#isStarted)
            this.#timer ??= setTimeout(() => void this.#send(), sendAfter);
    };

    async #send(): Promise<void> {
        this.#timer = undefined;
        const state = this.awareness.getLocalState();
        if (state === null || Object.keys(state).length === 0)
            return this.withdraw();
        this.#isPublished = true;
        const body = encodeAwarenessUpdate(this.awareness, [this.awareness.clientID]);
        try {
            await this.sender.send({
                method: "PUT", target: `${this.#target}?ttl=${expirySeconds}`, body, headers: { "Content-Type": "application/x.yjs-awareness" }, idempotencyKey: "none", retriesMax: 0,
            });
        } catch (error) {
            // The next change or renewal sends all of it again, unless this client may not write.
            if (error instanceof KvStoreError && !error.isTransient)
                this.stop();
        }
    }

    get #target(): string {
        return entryTarget(this.keys.presence(this.awareness.clientID));
    }
}
