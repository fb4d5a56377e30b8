import { KvStoreError } from "../http/errors.js";
import type { ServerEvent } from "../http/events.js";
import type { Sender } from "../http/sender.js";
import type { Item } from "./items.js";

export interface Change extends Item {
    readonly type: "put" | "delete" | "expire";
}

export interface FollowerEvents {
    /** The entries that exist come next; what came before is void. */
    readonly loading: () => void;
    readonly entry: (item: Item) => void;
    /** Everything that exists has come, or nothing was missed since the connection ended. */
    readonly live: () => void;
    readonly change: (changes: readonly Change[]) => void;
}

/**
 * Follows the entries below a prefix over any number of connections, without missing a change. In contrast to the client's watch it says when a
 * connection begins and ends, and all that a commit changed at once.
 */
export class Follower {
    /** Where the next connection resumes. */
    #position: string | undefined;

    constructor(readonly sender: Sender, readonly prefix: string, readonly events: FollowerEvents) {
    }

    /** The next connection loads everything. */
    startOver(): void {
        this.#position = undefined;
    }

    /** One connection, until it ends. Throws if there was none. */
    async follow(signal: AbortSignal): Promise<void> {
        const from = this.#position === undefined ? "initial=true" : `after=${encodeURIComponent(this.#position)}`;
        const target = `/v1/watch?prefix=${encodeURIComponent(this.prefix)}&${from}`;
        const { events } = await this.sender.watch({ method: "GET", target, retriesMax: 0, signal }).catch(error => {
            // The position has left the history, or another store is there.
            if (error instanceof KvStoreError && error.status === 410)
                this.startOver();
            throw error;
        });
        if (this.#position === undefined)
            this.events.loading();
        else
            this.events.live();
        for await (const event of events) {
            if (signal.aborted)
                return;
            this.#handle(event);
        }
    }

    #handle({ name, id, data }: ServerEvent): void {
        this.#position = id ?? this.#position;
        switch (name) {
            case "entry":
                this.events.entry(JSON.parse(data) as Item);
                break;
            case "synced":
                this.events.live();
                break;
            case "change":
                this.events.change((JSON.parse(data) as { changes: Change[] }).changes);
                break;
            case "gone":
                this.startOver();
                break;
            case "revoked": {
                const { detail } = JSON.parse(data) as { detail: string };
                throw new KvStoreError(detail, { status: 401, problem: { name: "unauthorized", detail, members: {} }, outcome: "not-applied", isTransient: false });
            }
        }
    }
}
