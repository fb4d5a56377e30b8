import { KvStoreError } from "../http/errors.js";
import { delay } from "../http/time.js";
import type { Compactor } from "./compactor.js";

// Every client sees at the same time that it is due.
const delayMax = 1_000;

/** When this client merges what is stored. */
export class CompactionSchedule {
    #isCompacting = false;
    #isForbidden = false;

    constructor(readonly compactor: Compactor, readonly updatesMax: number, readonly isSynced: () => boolean) {
    }

    /** From now on this client merges nothing. */
    forbid(): void {
        this.#isForbidden = true;
    }

    runIfDue(signal: AbortSignal): void {
        if (!this.#isCompacting && this.#isDue)
            void this.#run(signal);
    }

    get #isDue(): boolean {
        return !this.#isForbidden && this.isSynced() && this.compactor.updates >= this.updatesMax;
    }

    async #run(signal: AbortSignal): Promise<void> {
        this.#isCompacting = true;
        let hasCompacted = false;
        try {
            await delay(delayMax * Math.random(), signal);
            if (this.#isDue)
                hasCompacted = await this.compactor.compact(signal);
        } catch (error) {
            // 412: another client was first. Without the rights, or with updates that cannot be read, it never succeeds.
            if (!signal.aborted && !(error instanceof KvStoreError && (error.isTransient || error.status === 412)))
                this.forbid();
        } finally {
            this.#isCompacting = false;
        }
        if (hasCompacted)
            this.runIfDue(signal);
    }
}
