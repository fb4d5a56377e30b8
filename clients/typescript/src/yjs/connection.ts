import type { Follower } from "./follower.js";
import { RequestError } from "./service.js";
import { backoff, wait } from "./waiting.js";

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
            try {
                await this.follower.follow(this.#nextStep(signal));
                failures = 0;
            } catch (error) {
                if (signal.aborted)
                    return;
                failures++;
                if (!(error instanceof RequestError)) {
                    // What observes the document has failed in the middle of a change.
                    this.follower.startOver();
                    this.events.failed(error as Error);
                } else if (error.isTemporary || error.status === 410)
                    retryAfter = 1000 * (error.retryAfterSeconds ?? 0);
                else {
                    this.stop();
                    this.events.failed(error);
                }
            }
            if (signal.aborted)
                return;
            this.events.connecting();
            await wait(Math.max(backoff(failures), retryAfter), this.#nextStep(signal));
        }
    }

    #nextStep(signal: AbortSignal): AbortSignal {
        this.#step = new AbortController();
        return AbortSignal.any([signal, this.#step.signal]);
    }
}
