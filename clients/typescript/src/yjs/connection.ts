import { KvStoreError } from "../http/errors.js";
import { backoff, delay } from "../http/time.js";
import type { Follower } from "./follower.js";

// In milliseconds; clients that lose the service at once do not come back together.
export const retryDelay = 250;
export const retryDelayMax = 30_000;

export interface ConnectionEvents {
    /** There is none, and the next attempt follows. */
    readonly connecting: () => void;
    /** It was ended, or the service refuses it, and no attempt follows. */
    readonly stopped: () => void;
    readonly failed: (error: Error) => void;
}

/** Keeps a follower connected, until it is stopped. */
export class Connection {
    #running: AbortController | undefined;
    /** Aborting it ends the connection, or the wait for the next one. */
    #step = new AbortController();

    constructor(readonly follower: Follower, readonly events: ConnectionEvents) {
    }

    /** Aborted when the connection is stopped. */
    get signal(): AbortSignal {
        return this.#running?.signal ?? AbortSignal.abort();
    }

    start(): void {
        if (this.#running)
            return;
        this.#running = new AbortController();
        void this.#run(this.#running.signal);
    }

    stop(): void {
        this.#running?.abort();
        this.#running = undefined;
        this.events.stopped();
    }

    /** Connects anew, at once. */
    restart(): void {
        this.#step.abort();
    }

    async #run(signal: AbortSignal): Promise<void> {
        for (let failures = 0; !signal.aborted;) {
            this.events.connecting();
            let retryAfter = 0;
            const step = this.#nextStep(signal);
            try {
                await this.follower.follow(step);
                failures = 0;
            } catch (error) {
                if (signal.aborted)
                    return;
                failures++;
                if (step.aborted)
                    failures = 0;
                else if (!(error instanceof KvStoreError)) {
                    // What observes the document has failed in the middle of a change.
                    this.follower.startOver();
                    this.events.failed(error as Error);
                } else if (error.isTransient || error.status === 410)
                    retryAfter = error.retryAfterMs ?? 0;
                else {
                    this.stop();
                    this.events.failed(error);
                }
            }
            if (signal.aborted)
                return;
            this.events.connecting();
            await delay(backoff(failures, retryDelay, retryDelayMax, retryAfter), this.#nextStep(signal));
        }
    }

    #nextStep(signal: AbortSignal): AbortSignal {
        this.#step = new AbortController();
        return AbortSignal.any([signal, this.#step.signal]);
    }
}
